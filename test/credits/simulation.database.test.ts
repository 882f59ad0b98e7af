import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { useDatabase } from '#test/setup/database.ts'
import { type Outcome, simulate } from './simulator/simulation.ts'
import { databaseWorld, memoryWorld } from './simulator/worlds.ts'

useDatabase()

describe('the credits engine over the real database', () => {
  test('every invariant holds under random schedules', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1000, max: 2 ** 31 }), async (seed) => {
        await simulate(seed, databaseWorld(), { steps: 120 })
      }),
      { numRuns: 15, endOnFailure: true },
    )
  })

  test('the database ends in the same state as the in-memory double on the same seeds', async () => {
    for (let seed = 1; seed <= 8; seed++) {
      const inMemory = await simulate(seed, memoryWorld(), { steps: 120 })
      const inDatabase = await simulate(seed, databaseWorld(), { steps: 120 })

      expect(printed(inDatabase), `seed ${seed}`).toEqual(printed(inMemory))
    }
  })
})

/** Account and ledger as text, field by field in a fixed order, without the random part of keys. */
const printed = ({ account, ledger, tally }: Outcome) => ({
  account: plain(account),
  ledger: plain(ledger),
  tally,
})

const RANDOM = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value).replace(RANDOM, 'random'))
