/** One way of doing the same thing. */
export interface Contender {
  name: string
  run: (n: number) => Promise<unknown>
  /** Work that a call has left for later; its time counts. */
  drain?: () => Promise<unknown>
}

export interface Result {
  name: string
  /** Calls per second of each round, in the order of the rounds. */
  perSecond: number[]
}

/** Numbers every call of a run, so that no two share a key. */
let sequence = 0

/**
 * Times contenders in turn, round by round, so that whatever else the machine does meets all of them.
 * @param options `callers`: calls under way at once; `rounds` and `roundMs`: how often and how long each is timed
 */
export async function sideBySide(
  contenders: Contender[],
  { callers, rounds, roundMs }: { callers: number; rounds: number; roundMs: number },
): Promise<Result[]> {
  const results = contenders.map(({ name }): Result => ({ name, perSecond: [] }))
  for (let round = 0; round < rounds; round++) {
    for (const [index, contender] of contenders.entries()) {
      results[index]?.perSecond.push(await measure(contender, callers, roundMs))
    }
  }
  return results
}

async function measure({ run, drain }: Contender, callers: number, roundMs: number): Promise<number> {
  const started = performance.now()
  let done = 0
  const caller = async () => {
    while (performance.now() - started < roundMs) {
      await run(sequence++)
      done++
    }
  }
  await Promise.all(Array.from({ length: callers }, caller))
  await drain?.()
  return done / ((performance.now() - started) / 1000)
}

/** Prints a line for each contender, with its ratio to the first. */
export function printRatios(title: string, results: Result[]): void {
  const [base] = results
  if (!base) return
  console.log(`\n${title}`)
  for (const { name, perSecond } of results) {
    // Round by round: a slow moment of the machine is in both.
    const ratio = median(perSecond.map((rate, round) => rate / (base.perSecond[round] ?? rate)))
    const range = `${Math.round(Math.min(...perSecond))}–${Math.round(Math.max(...perSecond))}`
    const rate = String(Math.round(median(perSecond))).padStart(6)
    console.log(`  ${name.padEnd(44)} ${rate}/s (${range})`.padEnd(76), `×${ratio.toFixed(2)}`)
  }
}

export function median(numbers: number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0
}
