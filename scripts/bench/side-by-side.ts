import { count, type Goal, median, printTable } from './report.ts'

/** One way of doing the same thing. */
export interface Contender {
  name: string
  run: (n: number) => Promise<unknown>
  /** Work that a call has left for later; its time counts. */
  drain?: () => Promise<unknown>
  /** The same, where its time does not count: the next contender must not find that work. */
  clear?: () => Promise<unknown>
  /** For its ratio to the first contender. */
  goal?: Goal
}

export interface Result {
  name: string
  goal?: Goal
  /** Calls per second of each round, in the order of the rounds. */
  perSecond: number[]
  /** Of all rounds together. */
  calls: number
  seconds: number
  /** How far the meter has moved in all of its rounds. */
  metered: Record<string, number>
}

/** Reads counters that only grow, such as commands or seconds of CPU. */
export type Meter = () => Promise<Record<string, number>>

interface Options {
  /** Calls under way at once. */
  callers: number
  rounds: number
  /** How long each contender is timed in a round. */
  roundMs: number
  meter?: Meter
}

const noMeter: Meter = async () => ({})

/** Numbers every call of a run, so that no two share a key. */
let sequence = 0

/**
 * Times contenders in turn, round by round, so that whatever else the machine does meets all of them. A round that is not
 * counted comes first, to open connections and warm the code.
 */
export async function sideBySide(contenders: Contender[], options: Options): Promise<Result[]> {
  const { callers, rounds, roundMs, meter = noMeter } = options
  const results = contenders.map(({ name, goal }): Result => ({
    name,
    goal,
    perSecond: [],
    calls: 0,
    seconds: 0,
    metered: {},
  }))
  for (const contender of contenders) {
    await measure(contender, callers, roundMs / 5)
    await contender.clear?.()
  }
  for (let round = 0; round < rounds; round++) {
    for (const [index, contender] of contenders.entries()) {
      const result = results[index]!
      const before = await meter()
      const { calls, seconds } = await measure(contender, callers, roundMs)
      const after = await meter()
      await contender.clear?.()
      result.perSecond.push(calls / seconds)
      result.calls += calls
      result.seconds += seconds
      for (const [name, value] of Object.entries(after)) {
        result.metered[name] = (result.metered[name] ?? 0) + value - (before[name] ?? value)
      }
    }
  }
  return results
}

async function measure({ run, drain }: Contender, callers: number, roundMs: number) {
  const started = performance.now()
  let calls = 0
  const caller = async () => {
    while (performance.now() - started < roundMs) {
      await run(sequence++)
      calls++
    }
  }
  await Promise.all(Array.from({ length: callers }, caller))
  await drain?.()
  return { calls, seconds: (performance.now() - started) / 1000 }
}

/** The ratio of a contender to another one: round by round, because a slow moment of the machine is in both. */
export function ratioOf({ perSecond }: Result, base: Result): number {
  return median(perSecond.map((rate, round) => rate / (base.perSecond[round] ?? rate)))
}

/** Prints a line for each contender, with its ratio to the first. */
export function printRatios(title: string, results: Result[], noteOf?: (result: Result) => string): void {
  const [base] = results
  if (!base) return
  const lines = results.map((result) => {
    const { name, perSecond, goal } = result
    const range = `${count(Math.min(...perSecond))}–${count(Math.max(...perSecond))}`
    const value = `${count(median(perSecond))}/s (${range})`
    return { name, value, ratio: ratioOf(result, base), goal, note: noteOf?.(result) }
  })
  printTable(title, lines)
}

/** "1 caller", "32 callers". */
export const inCallers = (callers: number): string => `${callers} ${callers === 1 ? 'caller' : 'callers'}`
