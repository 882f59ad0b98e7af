import type { Types } from 'mongoose'
import type { LogEntry } from '#models/credit-account.server.ts'

/** The maximum of entries in one write. */
const TOGETHER_MAX = 64

/** Writes entries in one update; null when it missed, else the credits after all of them. */
export type WriteTogether = (entries: LogEntry[]) => Promise<number | null>

interface Waiting {
  entry: LogEntry
  resolve: (creditsLeft: number | null) => void
  reject: (error: unknown) => void
}

/**
 * Spends of one process that wait for the same account share a write: while one update runs, the next ones queue, and
 * one conditional update then takes their sum and logs all of them. It succeeds for all or for none; after a miss each
 * retries alone. It only improves speed.
 */
export class SharedWrites {
  readonly #lines = new Map<string, Waiting[]>()

  /**
   * Joins the queue of an account at a version, and waits for the write that includes the entry.
   * @param write how to write; the first in line does it for the others
   * @returns the credits after the entry, or null when the write missed
   */
  join(accountId: Types.ObjectId, version: string, entry: LogEntry, write: WriteTogether): Promise<number | null> {
    // The queue includes the version: a spend may only use the version under which its key was looked up.
    const id = `${accountId.toHexString()}:${version}`
    return new Promise((resolve, reject) => {
      const line = this.#lines.get(id)
      if (line) line.push({ entry, resolve, reject })
      else {
        this.#lines.set(id, [{ entry, resolve, reject }])
        void this.#work(id, write)
      }
    })
  }

  async #work(id: string, write: WriteTogether): Promise<void> {
    const line = this.#lines.get(id) ?? []
    while (line.length > 0) {
      const together = takeDistinct(line)
      try {
        answer(together, await write(together.map(({ entry }) => entry)))
      } catch (error) {
        for (const { reject } of together) reject(error)
      }
    }
    this.#lines.delete(id)
  }
}

/**
 * Takes the queue's first entries, one per key: a repeat waits, misses after the first one is written, and is then
 * answered as a replay.
 */
function takeDistinct(line: Waiting[]): Waiting[] {
  const keys = new Set<string>()
  const taken = line.filter(({ entry }) => keys.size < TOGETHER_MAX && !keys.has(entry.key) && keys.add(entry.key))
  line.splice(0, line.length, ...line.filter((waiting) => !taken.includes(waiting)))
  return taken
}

/** Each spend gets the balance after its own entry, as if they had run one by one. */
function answer(together: Waiting[], creditsAfterAll: number | null): void {
  let creditsLeft = creditsAfterAll
  for (const { entry, resolve } of [...together].reverse()) {
    resolve(creditsLeft)
    if (creditsLeft !== null) creditsLeft -= entry.amount
  }
}
