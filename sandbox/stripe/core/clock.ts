/** Time in whole seconds, as Stripe counts it. */
export type Seconds = number

export const MINUTE = 60
export const HOUR = 3600
export const DAY = 86_400

/**
 * The sandbox's clock: the machine's time plus an offset. While due work is processed it is frozen at the due date, so
 * that advancing a year at once writes the same dates as a real year.
 */
export class Clock {
  #offset: Seconds
  #pinned: Seconds | null = null

  constructor(
    offset: Seconds = 0,
    private readonly machine: () => Seconds = () => Math.floor(Date.now() / 1000),
  ) {
    this.#offset = offset
  }

  now(): Seconds {
    return this.#pinned ?? this.machine() + this.#offset
  }

  get offset(): Seconds {
    return this.#offset
  }

  /** Moves forward only, because existing objects must not lie in the future. */
  moveTo(moment: Seconds): void {
    this.#offset += Math.max(0, moment - (this.machine() + this.#offset))
  }

  at<T>(moment: Seconds, work: () => T): T {
    const before = this.#pinned
    this.#pinned = moment
    try {
      return work()
    } finally {
      this.#pinned = before
    }
  }
}
