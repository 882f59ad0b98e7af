/**
 * Starts the clock of this process at a fixed instant, so that no test depends on the date on which it runs; from there it
 * moves at its usual speed. Every test file starts it anew, and every process that a test starts preloads it.
 */

/** A Wednesday in a month of thirty days, away from month ends and from the nights when clocks change. */
const DEFAULT_START = '2026-04-08T10:00:00Z'
const CLOCK = Symbol.for('scrip.fixed-start')

globalThis[CLOCK] ??= replaceDate()
globalThis[CLOCK].start()

function replaceDate() {
  const MachineDate = Date
  const inherited = process.env.TEST_CLOCK_OFFSET_MS
  let offsetMs = 0
  const now = () => MachineDate.now() + offsetMs

  // A proxy, not a subclass, so that dates created by the database driver are instances of it.
  globalThis.Date = new Proxy(MachineDate, {
    apply: () => new MachineDate(now()).toString(),
    construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
    get: (target, property, receiver) => (property === 'now' ? now : Reflect.get(target, property, receiver)),
  })
  MachineDate.prototype.constructor = globalThis.Date

  const preload = `--import=${new URL('fixed-start.mjs', import.meta.url).href}`
  process.env.NODE_OPTIONS = [process.env.NODE_OPTIONS, preload].filter(Boolean).join(' ')

  return {
    /** The worker of a test file computes the offset; the processes it starts share its clock. */
    start() {
      const start = process.env.TEST_START ?? DEFAULT_START
      offsetMs = Number(inherited ?? Date.parse(start) - MachineDate.now())
      if (!Number.isFinite(offsetMs)) throw new Error(`TEST_START is not a time: ${start}`)
      process.env.TEST_CLOCK_OFFSET_MS = String(offsetMs)
    },
  }
}
