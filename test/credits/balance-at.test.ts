import fc from 'fast-check'
import type { Types } from 'mongoose'
import { afterEach, describe, expect, test } from 'vitest'
import { setNow } from '#app/clock.server.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import { getBalanceAt } from '#app/credits/balance-at.server.ts'
import { captureHold, placeHold, releaseHold } from '#app/credits/hold.server.ts'
import { listEntries } from '#app/credits/ledger.server.ts'
import { livePorts } from '#app/credits/ports.server.ts'
import { readAccount } from '#app/credits/recorded.server.ts'
import { releaseLapsed } from '#app/credits/resolve-hold.server.ts'
import { settleAccount } from '#app/credits/settle.server.ts'
import { spendCredits } from '#app/credits/spend.server.ts'
import { sumDays } from '#app/credits/sum-days.server.ts'
import { tickAccount } from '#app/credits/tick.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { anAccount, paid } from './scenario.ts'

useDatabase()
afterEach(() => setNow(null))

const START = Date.parse('2026-05-01T00:00:00Z')
const HOUR = 60 * 60 * 1000

const clockAt = (time: number) => setNow(() => new Date(time))

/** The balance after all entries up to a moment, added up one by one. */
async function addedUp(accountId: Types.ObjectId, at: number) {
  const { entries } = await listEntries(accountId, { limit: 200 })
  const last = Math.max(-1, ...entries.filter((entry) => entry.at.getTime() <= at).map(({ seq }) => seq))
  let total = 0
  const open = new Map<string, number>()
  for (const { seq, kind, amount, hold = '', holds = 0 } of entries.reverse()) {
    if (seq > last) break
    total += amount
    if (kind === 'hold') open.set(hold, holds)
    else open.delete(hold)
  }
  const held = [...open.values()].reduce((sum, credits) => sum + credits, 0)
  return { credits: total - held, held }
}

type Step = { hours: number } & (
  | { does: 'pay' | 'spend'; credits: number }
  | { does: 'hold'; credits: number; hours: number }
  | { does: 'end'; which: number; used: number }
  | { does: 'settle' | 'sum' }
)

const hours = fc.integer({ min: 0, max: 40 }).map((quarters) => quarters / 4)
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    does: fc.constantFrom('pay' as const, 'spend' as const),
    credits: fc.integer({ min: 1, max: 30 }),
    hours,
  }),
  fc.record({ does: fc.constant('hold' as const), credits: fc.integer({ min: 1, max: 20 }), hours }),
  fc.record({ does: fc.constant('end' as const), which: fc.nat(20), used: fc.nat(20), hours }),
  fc.record({ does: fc.constantFrom('settle' as const, 'sum' as const), hours }),
)

/** Runs steps from {@link START} on; what is refused changes nothing. */
async function live(accountId: Types.ObjectId, steps: Step[]): Promise<number> {
  const holds: string[] = []
  let time = START
  for (const [index, step] of steps.entries()) {
    time += step.hours * HOUR
    clockAt(time)
    await upkeep(accountId)
    const key = `step-${index}`
    if (step.does === 'pay') await paid(accountId, step.credits, { expiresAt: new Date(time + 30 * HOUR) })
    if (step.does === 'spend') await unlessRefused(spendCredits({ accountId, key, credits: step.credits, action: 'a' }))
    if (step.does === 'hold') {
      const ttlMs = 24 * HOUR
      const placed = await unlessRefused(placeHold({ accountId, key, credits: step.credits, action: 'a', ttlMs }))
      if (placed) holds.push(placed.holdId)
    }
    if (step.does === 'end' && holds.length > 0) {
      const holdId = holds[step.which % holds.length]!
      await unlessRefused(captureHold({ accountId, holdId, credits: step.used }))
    }
    if (step.does === 'settle') await settleAccount(accountId)
    if (step.does === 'sum') await sumDays(accountId)
  }
  return time
}

/** What a job does each minute, here at each step: within a day of the end of any hold. */
async function upkeep(accountId: Types.ObjectId): Promise<void> {
  const { holds } = await readAccount(livePorts, accountId)
  for (const { id, expiresAt } of holds) {
    if (expiresAt <= livePorts.now()) await releaseLapsed(livePorts, accountId, id)
  }
  await tickAccount(accountId)
}

const unlessRefused = <T>(work: Promise<T>): Promise<T | null> =>
  work.catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error)) throw error
    return null
  })

describe('the balance at a moment', () => {
  test('it is what the entries up to that moment add up to: posted or logged, summed or not, with holds open or ended', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 10, maxLength: 30 }),
        fc.array(fc.nat(1_000), { minLength: 4, maxLength: 4 }),
        async (steps, moments) => {
          clockAt(START)
          const accountId = await anAccount(50)
          const end = await live(accountId, steps)
          for (const at of [START - 1, START, end, ...moments.map((part) => START + ((end - START) * part) / 1_000)]) {
            const time = Math.floor(at)
            expect(await getBalanceAt(accountId, new Date(time))).toEqual(await addedUp(accountId, time))
          }
        },
      ),
      { numRuns: 25, seed: 13 },
    )
  })

  test('before the first entry there are no credits', async () => {
    clockAt(START)
    const accountId = await anAccount(50)

    expect(await getBalanceAt(accountId, new Date(START - 1))).toEqual({ credits: 0, held: 0 })
    expect(await getBalanceAt(accountId, new Date(START))).toEqual({ credits: 50, held: 0 })
  })

  test('a hold counts from its entry to its end, also after it has ended', async () => {
    clockAt(START)
    const accountId = await anAccount(50)
    clockAt(START + HOUR)
    const { holdId } = await placeHold({ accountId, key: 'h', credits: 20, action: 'a' })
    clockAt(START + 2 * HOUR)
    await releaseHold({ accountId, holdId })
    await settleAccount(accountId)

    const seen = [0, 1, 1.5, 2].map(async (hour) => getBalanceAt(accountId, new Date(START + hour * HOUR)))

    expect(await Promise.all(seen)).toEqual([
      { credits: 50, held: 0 },
      { credits: 30, held: 20 },
      { credits: 30, held: 20 },
      { credits: 50, held: 0 },
    ])
  })

  test('a hold that is open for longer than any hold should be is still held', async () => {
    clockAt(START)
    const accountId = await anAccount(50)
    await placeHold({ accountId, key: 'h', credits: 20, action: 'a' })
    await settleAccount(accountId)
    const later = START + 100 * HOUR
    clockAt(later)

    expect(await getBalanceAt(accountId, new Date(later))).toEqual({ credits: 30, held: 20 })
    expect(await getBalance(accountId)).toMatchObject({ credits: 30, held: 20 })
  })
})
