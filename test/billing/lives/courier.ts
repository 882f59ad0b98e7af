import type { StripeForTests } from '../stripe.ts'
import { post } from '../scenario.ts'
import { mortal } from './chaos.ts'

/** How badly a life's webhooks fare; shares from 0 to 1. */
export interface Trouble {
  drop: number
  twice: number
  late: number
  kill: number
}

type Told = { id: string; type: string }

/** Stripe's deliveries on a bad day: dropped, doubled, late, out of order, several at once, to handlers that die. */
export class BadCourier {
  readonly #seen = new Set<string>()
  /** Late, or answered with an error: to be sent again. */
  #waiting: Told[] = []
  readonly tally: Record<string, number> = {}

  constructor(
    readonly context: StripeForTests,
    readonly trouble: Trouble,
    readonly random: () => number,
  ) {}

  /** One round of deliveries. */
  async deliver(): Promise<void> {
    const { drop, twice, late } = this.trouble
    const now: Told[] = []
    for (const event of this.#collect()) {
      if (this.#happens(drop)) this.#count('dropped')
      else if (this.#happens(late)) this.#waiting.push(event)
      else now.push(event)
      if (this.#happens(twice)) this.#waiting.push(event)
    }
    const order = now.map((event) => ({ event, place: this.random() })).sort((a, b) => a.place - b.place)
    while (order.length > 0) {
      const batch = order.splice(0, 1 + Math.floor(this.random() * 3))
      await Promise.all(batch.map(({ event }) => this.#send(event)))
    }
  }

  /** What still waits, and what comes of it, until nothing does: Stripe tries for three days. Nothing fails any more. */
  async finish(): Promise<void> {
    for (let round = 0; round < 20; round++) {
      const events = this.#collect()
      if (events.length === 0) return
      for (const event of events) {
        const { status } = await post(JSON.stringify(event))
        if (status !== 200) this.#waiting.push(event)
      }
    }
    throw new Error(`Still refused: ${this.#waiting.map(({ type }) => type).join(', ')}`)
  }

  #collect(): Told[] {
    const fresh = this.context.sandbox.events().filter(({ id }) => !this.#seen.has(id))
    for (const { id } of fresh) this.#seen.add(id)
    const all = [...this.#waiting, ...fresh]
    this.#waiting = []
    return all
  }

  async #send(event: Told): Promise<void> {
    const body = JSON.stringify(event)
    const dies = this.#happens(this.trouble.kill)
    const calls = 1 + Math.floor(this.random() * 40)
    const { status } = dies ? await mortal(calls, this.random() < 0.5, () => post(body)) : await post(body)
    this.#count(status === 200 ? 'delivered' : dies ? 'killed' : 'failed')
    if (status !== 200) this.#waiting.push(event)
  }

  #happens(share: number): boolean {
    return this.random() < share
  }

  #count(what: string): void {
    this.tally[what] = (this.tally[what] ?? 0) + 1
  }
}
