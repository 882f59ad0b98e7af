import { catchUp } from './process-due.ts'
import { emit } from '../core/events.ts'
import type { Seconds } from '../core/clock.ts'
import type { World } from '../core/world.ts'

/** Processes what is due, in order, as time passes and when a clock is advanced. */
export class Timekeeper {
  #timer: NodeJS.Timeout | null = null
  #closed = false
  readonly #advancing = new Set<string>()

  constructor(
    private readonly world: World,
    private readonly moved: () => void,
  ) {
    world.onChange((touched) => {
      for (const id of touched.get('test_helpers.test_clock') ?? []) this.#follow(id)
      this.#arm()
    })
  }

  start(): void {
    for (const clock of this.world.tables.testClocks.oldestFirst()) this.#follow(clock.id)
    this.#tick()
  }

  close(): void {
    this.#closed = true
    if (this.#timer) clearTimeout(this.#timer)
  }

  /** Advances the sandbox's clock and processes everything that is due on the way. */
  advanceTo(moment: Seconds): void {
    const { world } = this
    if (moment <= world.clock.now()) return
    catchUp(world, null, moment)
    world.clock.moveTo(moment)
    world.run(() => void world.tables.settings.update('settings', { clockOffset: world.clock.offset }))
    this.moved()
  }

  /** Processes what is due by now, without waiting for the timer. */
  catchUp(): void {
    catchUp(this.world, null, this.world.clock.now())
  }

  /** When the next object is due on the sandbox's own clock. */
  nextDue(): Seconds | null {
    return this.world.agenda.next(null)?.at ?? null
  }

  #tick(): void {
    if (this.#closed) return
    this.catchUp()
    this.#arm()
  }

  #arm(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    const next = this.nextDue()
    if (this.#closed || next === null) return
    const wait = Math.min(3600, Math.max(0, next - this.world.clock.now())) * 1000
    this.#timer = setTimeout(() => this.#tick(), wait + 10)
    this.#timer.unref()
  }

  /** A test clock advances after the request is answered, as at Stripe. */
  #follow(id: string): void {
    const { world } = this
    const clock = world.tables.testClocks.get(id)
    const target = clock?.status_details.advancing?.target_frozen_time
    if (clock?.status !== 'advancing' || target === undefined || this.#advancing.has(id)) return
    this.#advancing.add(id)
    setImmediate(() => {
      this.#advancing.delete(id)
      if (this.#closed || !world.tables.testClocks.get(id)) return
      catchUp(world, id, target)
      world.run(() =>
        emit(
          world,
          'test_helpers.test_clock.ready',
          world.tables.testClocks.update(id, { frozen_time: target, status: 'ready', status_details: {} }),
        ),
      )
    })
  }
}
