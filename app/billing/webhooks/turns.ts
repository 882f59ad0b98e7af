import pLimit from 'p-limit'

/** How many customers' events are handled at once: more would slow each other, and every page with them. */
const limit = pLimit(16)
/** How many customers may wait. Behind more than that, an event would wait longer than Stripe does. */
const WAITING_MAX = 500

/** One turn for all events of a customer, since they share most of their work. */
interface Turn {
  begun: Promise<void>
  events: number
  end: () => void
}

const turns = new Map<string, Turn>()

/**
 * Handles an event when it is its customer's turn.
 * @param customerId events without one have a turn each
 * @returns null if too many wait already
 */
export function inTurn<T>(customerId: string | null, handle: () => Promise<T>): Promise<T> | null {
  const known = customerId === null ? undefined : turns.get(customerId)
  if (!known && limit.pendingCount >= WAITING_MAX) return null
  return customerId === null ? limit(handle) : join(customerId, known ?? newTurn(), handle)
}

function newTurn(): Turn {
  let end = (): void => undefined
  const ended = new Promise<void>((resolve) => (end = resolve))
  const begun = new Promise<void>((resolve) => {
    void limit(() => {
      resolve()
      return ended
    })
  })
  return { begun, events: 0, end }
}

async function join<T>(customerId: string, turn: Turn, handle: () => Promise<T>): Promise<T> {
  turns.set(customerId, turn)
  turn.events++
  try {
    await turn.begun
    return await handle()
  } finally {
    turn.events--
    if (turn.events === 0) {
      turns.delete(customerId)
      turn.end()
    }
  }
}
