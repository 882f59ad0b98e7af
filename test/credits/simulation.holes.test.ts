import { describe, expect, test } from 'vitest'
import { holes, withHole } from './simulator/holes.ts'
import { simulate } from './simulator/simulation.ts'
import { memoryWorld } from './simulator/worlds.ts'

describe('the simulator', () => {
  test.each(Object.entries(holes))(
    'the simulator finds the hole within 500 seeds: %s',
    async (_name, cut) => {
      let found: string | null = null
      for (let seed = 1; seed <= 500 && !found; seed++) {
        found = await simulate(seed, withHole(memoryWorld(), cut)).then(
          () => null,
          (error: Error) => error.message,
        )
      }
      if (process.env.SIM_TALLY) console.info(_name, '→', found)
      expect(found).toMatch(/^seed \d+: /)
    },
    60_000,
  )
})
