import { setTimeout as wait } from 'node:timers/promises'
import { DAY, HOUR } from '../core/clock.ts'
import type { Seconds } from '../core/clock.ts'
import type { WebhookSender } from '../webhooks/sender.ts'
import type { Timekeeper } from '../time/timekeeper.ts'
import type { World } from '../core/world.ts'

/** An app that follows the clock polls every second; after this time without a request it no longer follows. */
const GONE_MS = 5_000
/** The time limit for the app's work in one stage; then the clock continues without it. */
const STAGE_MS = 20_000
const LOOK_MS = 10

/**
 * Advances the clock in stages while an app follows it: in each stage the sandbox processes what is due, delivers the
 * events, and lets the app do what is due on its side. So a skipped month has the same results as a real one,
 * including mails and their dates. Without an app that follows, it is one stage.
 */
export class ClockAdvance {
  /** Every stage has a number; starting at the time, it never repeats one of an earlier process. */
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

  /** What an app that follows is told in addition to the time. */
  get state(): { stage: number; isMoving: boolean } {
    return { stage: this.#stage, isMoving: this.#isMoving }
  }

  /**
   * Records a request for the time by an app.
   * @param done the last stage that it has completed
   * @param next when it has something to do next, or null
   */
  heard(done: number, next: Seconds | null): void {
    this.#heardAt = performance.now()
    // Of several app processes the first to complete a stage counts for all, because work that is due is done once.
    if (done <= this.#done) return
    this.#done = done
    this.#next = next
  }

  /** Advances the clock to a moment; advances run one after the other. */
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

  /** The next moment at which something is due, here or in the app, rounded to the hour. */
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

  /** Whether an app follows; it does not poll while it works on a stage. */
  #isFollowed(): boolean {
    return performance.now() - this.#heardAt < (this.#isMoving ? STAGE_MS : GONE_MS)
  }
}
