/** More batches under way would each be smaller; with one alone, a batch that hangs would hold up all others. */
const LANES = 2

interface Waiting<Key, Value> {
  key: Key
  resolve: (value: Value) => void
  reject: (error: unknown) => void
}

/**
 * Sends calls that wait at the same time to the database as one: while a batch is under way, the next calls queue, and
 * the next batch takes all of them. A call is only ever part of a batch that starts after it was made, so that a read
 * sees every write that was answered before.
 */
export class CallBatcher<Key, Value> {
  readonly #run: (keys: Key[]) => Promise<(Value | Error)[]>
  readonly #size: number
  readonly #waiting: Waiting<Key, Value>[] = []
  #underWay = 0

  /**
   * @param run answers each key of a batch, in their order, with a value or an error
   * @param size the maximum of calls in one batch
   */
  constructor(run: (keys: Key[]) => Promise<(Value | Error)[]>, size: number) {
    this.#run = run
    this.#size = size
  }

  /** Makes a call; where its whole batch fails, so does every call in it. */
  call(key: Key): Promise<Value> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ key, resolve, reject })
      if (this.#underWay < LANES) void this.#work()
    })
  }

  async #work(): Promise<void> {
    this.#underWay++
    // Calls of one turn of the event loop start together.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, this.#size)
      try {
        const values = await this.#run(batch.map(({ key }) => key))
        for (const [index, { resolve, reject }] of batch.entries()) {
          const value = values[index]
          if (value instanceof Error) reject(value)
          else resolve(value as Value)
        }
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    this.#underWay--
  }
}
