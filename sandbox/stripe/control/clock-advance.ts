import { setTimeout as wait } from 'node:timers/promises'
import { DAY, HOUR } from '../core/clock.ts'
import type { Seconds } from '../core/clock.ts'
import type { WebhookSender } from '../webhooks/sender.ts'
import type { Timekeeper } from '../time/timekeeper.ts'
import type { World } from '../core/world.ts'

/** A shop that has not asked for so long does not follow any more; one that follows asks every second. */
const GONE_MS = 5_000
/** Longer than the shop's work of one stage may take; then time goes on without it. */
const STAGE_MS = 20_000
const LOOK_MS = 10

/**
 * Moves the clock in stages while a shop follows it: at each of them, what is due happens here, its events are delivered,
 * and the shop does what is due on its side before time goes on. So a month that is skipped leaves what a month would have
 * left, mails and their dates too. Without a shop that follows, it is one stage.
 */
export class ClockAdvance {
  /** Each stage has a number of its own; those of an earlier process never come again. */
  #stage = Date.now()
  #isOver = Promise.resolve()
  #isMoving = false
  #heardAt = -Infinity
  #done = 0
  #next: Seconds | null = null

  constructor(
    private readonly world: World,
    private readonly timekeeper: Timekeeper,
    private readonly webhooks: WebhookSender,
  ) {}

  /** What a shop that follows is told beside the time. */
  get state(): { stage: number; isMoving: boolean } {
    return { stage: this.#stage, isMoving: this.#isMoving }
  }

  /**
   * A shop has asked for the time.
   * @param done the last stage whose work it has done
   * @param next when it has something to do next, or null
   */
  heard(done: number, next: Seconds | null): void {
    this.#heardAt = performance.now()
    // Of several processes of a shop the first that has done its work counts for all: what is due is done once.
    if (done <= this.#done) return
    this.#done = done
    this.#next = next
  }

  /** Moves the clock to a moment; one advance after the other. */
  to(moment: Seconds): Promise<void> {
    const advance = this.#isOver.then(() => this.#go(moment))
    this.#isOver = advance.catch(() => undefined)
    return advance
  }

  async #go(moment: Seconds): Promise<void> {
    if (moment <= this.world.clock.now()) return
    this.#isMoving = true
    try {
      await this.#letWork()
      while (this.world.clock.now() < moment) {
        this.timekeeper.advanceTo(Math.min(moment, this.#isFollowed() ? this.#stageEnd() : moment))
        if (!this.#isFollowed()) continue
        await this.webhooks.idle()
        await this.#letWork()
      }
    } finally {
      this.#isMoving = false
    }
  }

  /** The next moment at which something is due here or there, by the hour. */
  #stageEnd(): Seconds {
    const now = this.world.clock.now()
    const due = [this.timekeeper.nextDue(), this.#next].filter((at) => at !== null)
    return Math.max(now + HOUR, Math.min(...due, now + 400 * DAY))
  }

  async #letWork(): Promise<void> {
    const stage = ++this.#stage
    const end = performance.now() + STAGE_MS
    while (this.#isFollowed() && this.#done !== stage && performance.now() < end) await wait(LOOK_MS)
  }

  /** While a shop works on a stage it does not ask. */
  #isFollowed(): boolean {
    return performance.now() - this.#heardAt < (this.#isMoving ? STAGE_MS : GONE_MS)
  }
}
