/** Every bound of the bench, in one place; BENCH_SECONDS and BENCH_ENTRIES scale it. */

/** How often each contender is timed. */
export const ROUNDS = 5

/** How long each contender is timed in a round: BENCH_SECONDS. */
export const ROUND_MS = 1_000 * numberFrom('BENCH_SECONDS', 1.5)

/** The longest ledger whose pages are measured: BENCH_ENTRIES. */
export const LARGEST_LEDGER = numberFrom('BENCH_ENTRIES', 1_000_000)

/** How many webhooks arrive at once: BENCH_BURST. */
export const BURST = numberFrom('BENCH_BURST', 2_000)

function numberFrom(variable: string, byDefault: number): number {
  const value = Number(process.env[variable] || byDefault)
  if (!(value > 0)) throw new Error(`${variable}=${process.env[variable]} is not a number above 0`)
  return value
}
