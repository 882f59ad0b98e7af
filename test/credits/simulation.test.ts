import { describe, expect, test } from 'vitest'
import { simulate } from './simulator/simulation.ts'
import { memoryWorld } from './simulator/worlds.ts'

const FIRST = Number(process.env.SEED ?? 1)
const RUNS = Number(process.env.SIM_RUNS ?? (process.env.SEED ? 1 : 100))

describe('the credits engine under random schedules', () => {
  test(`every invariant holds over ${RUNS} seeds with lost answers, late writes, wrong clocks and crashes`, async () => {
    const tally: Record<string, number> = {}
    for (let seed = FIRST; seed < FIRST + RUNS; seed++) {
      const outcome = await simulate(seed, memoryWorld())
      for (const [what, times] of Object.entries(outcome.tally)) tally[what] = (tally[what] ?? 0) + times
    }
    if (process.env.SIM_TALLY) console.info(tally)

    // Without faults and operations the simulation would prove nothing.
    if (RUNS >= 100) {
      for (const what of ['done', 'replayed', 'insufficient_credits', 'credits_unavailable', 'hold_already_resolved']) {
        expect(tally[what], what).toBeGreaterThan(0)
      }
    }
  })
})
