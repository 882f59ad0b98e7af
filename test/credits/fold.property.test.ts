import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fold, type Folded } from '#app/credits/fold.ts'
import type { LogEntry } from '#models/credit-account.server.ts'
import { simulate } from './simulator/simulation.ts'
import { memoryWorld } from './simulator/worlds.ts'

const empty = (): Folded => ({ grants: [], debt: 0 })

describe('fold', () => {
  test('the result does not depend on where the log is cut into batches (I6)', async () => {
    for (let seed = 5000; seed < 5030; seed++) {
      const { ledger } = await simulate(seed, memoryWorld())
      const whole = fold(empty(), ledger)

      fc.assert(
        fc.property(fc.array(fc.nat(ledger.length), { maxLength: 6 }), (cuts) => {
          const { folded, burned } = inBatches(ledger, [...cuts, ledger.length])
          expect(byId(folded)).toEqual(byId(whole))
          expect(burned).toEqual(whole.burned)
        }),
        { numRuns: 30 },
      )
    }
  })

  test('the input is not changed', async () => {
    const { ledger } = await simulate(5100, memoryWorld())
    const before = JSON.stringify(ledger)
    const half = fold(empty(), ledger.slice(0, 10))
    const grants = JSON.stringify(half.grants)

    fold(half, ledger.slice(10))

    expect(JSON.stringify(ledger)).toBe(before)
    expect(JSON.stringify(half.grants)).toBe(grants)
  })

  test('an expiry that contradicts the grants stops the fold', () => {
    const at = new Date()
    const source = { type: 'system' as const, id: 'x' }
    const entry: LogEntry = { key: 'sys:expire:g', kind: 'expire', amount: -5, at, source, grantId: 'g' }

    expect(() => fold(empty(), [entry])).toThrow('names a grant that is not there')
  })
})

function inBatches(log: readonly LogEntry[], cuts: number[]) {
  let folded = empty()
  let from = 0
  const burned = new Map<string, [string, number][]>()
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    const batch = fold(folded, log.slice(from, cut))
    for (const [key, slices] of batch.burned) burned.set(key, slices)
    folded = { grants: batch.grants, debt: batch.debt }
    from = cut
  }
  return { folded, burned }
}

const byId = ({ grants, debt }: Folded) => ({
  grants: [...grants].sort((a, b) => (a.id < b.id ? -1 : 1)),
  debt,
})
