/** Time in whole seconds, as Stripe counts it. */
export type Seconds = number

export const MINUTE = 60
export const HOUR = 3600
export const DAY = 86_400

/**
 * The sandbox's own clock: the machine's time and how far it was moved forward. While due work is done it stands
 * still at the moment the work was due, so that a year advanced at once leaves the dates that a year would have left.
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

  /** Moves forward; time never runs back, because everything written since then would come from the future. */
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
