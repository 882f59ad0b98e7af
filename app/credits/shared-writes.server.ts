import type { Types } from 'mongoose'
import type { LogEntry } from '#models/credit-account.server.ts'

/** More entries than this do not go into one write. */
const TOGETHER_MAX = 64

/** Writes entries in one update; null when it missed, else the credits after all of them. */
export type WriteTogether = (entries: LogEntry[]) => Promise<number | null>

interface Waiting {
  entry: LogEntry
  resolve: (creditsLeft: number | null) => void
  reject: (error: unknown) => void
}

/**
 * Spends of one process that wait for the same account share a write: while one update is under way the next ones queue,
 * then one conditional update takes their sum and logs all of them. It hits for all or for none; after a miss each goes
 * alone. Nothing depends on it but speed.
 */
export class SharedWrites {
  readonly #lines = new Map<string, Waiting[]>()

  /**
   * Joins the line of an account at a version, and waits for the write that carries the entry.
   * @param write how to write; the first in line does it for the others
   * @returns the credits after the entry, or null when the write missed
   */
  join(accountId: Types.ObjectId, version: string, entry: LogEntry, write: WriteTogether): Promise<number | null> {
    // The version is part of the line: a spend may only ride on the version that it looked its key up under.
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

/** Takes the first of a line, one per key: a repetition waits, misses after the first one landed, and is answered as such. */
function takeDistinct(line: Waiting[]): Waiting[] {
  const keys = new Set<string>()
  const taken = line.filter(({ entry }) => keys.size < TOGETHER_MAX && !keys.has(entry.key) && keys.add(entry.key))
  line.splice(0, line.length, ...line.filter((waiting) => !taken.includes(waiting)))
  return taken
}

/** Each learns what was left after its own entry, as if they had come one after the other. */
function answer(together: Waiting[], creditsAfterAll: number | null): void {
  let creditsLeft = creditsAfterAll
  for (const { entry, resolve } of [...together].reverse()) {
    resolve(creditsLeft)
    if (creditsLeft !== null) creditsLeft -= entry.amount
  }
}
