import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type * as coalesce from '#app/billing/stripe/coalesce.ts'
import { setNow } from '#app/clock.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { useStripe } from '../stripe.ts'
import { makeCallsMortal } from './chaos.ts'
import { checkLife } from './check.ts'
import { type LifePlan, lifePlan } from './life-plan.ts'
import { divideMemory } from './machines.ts'
import { rememberPlans } from './world.ts'

/*
 * Random lives of customers through the sandbox, with the real billing code and the real engine: LIVES_RUNS of them,
 * LIVES_SEED and LIVES_PATH to repeat one that failed (fast-check prints both), LIVES_SHRINK=1 to shrink it; LIVES_ALL=1
 * runs all of them, and prints each that failed.
 */

vi.mock('#app/billing/stripe/coalesce.ts', async (original) => {
  const { coalesced } = await original<typeof coalesce>()
  const { coalescedPerMachine } = await import('./machines.ts')
  return { coalesced: coalescedPerMachine(coalesced) }
})

const { LIVES_RUNS, LIVES_SEED, LIVES_PATH, LIVES_SHRINK, LIVES_ALL, LIVES_TALLY } = process.env
const RUNS = Number(LIVES_RUNS ?? 11)
/** Without LIVES_RUNS every run has the same lives; with it they are new. */
const SEED = LIVES_SEED ? Number(LIVES_SEED) : LIVES_RUNS ? undefined : 4

const context = useStripe()
useDatabase()
const undo: (() => void)[] = []
beforeAll(() => {
  undo.push(makeCallsMortal(), divideMemory(), rememberPlans())
})
afterAll(() => {
  undo.forEach((one) => one())
  setNow(null)
})

const tally: Record<string, number> = {}
const failures: string[] = []

async function live(plan: LifePlan): Promise<void> {
  try {
    await checkLife(context, plan, tally)
  } catch (error) {
    if (!LIVES_ALL) throw error
    const { stack, actual, expected } = error as { stack?: string; actual?: unknown; expected?: unknown }
    failures.push([plan, actual, expected].map((one) => JSON.stringify(one)).join('\n') + `\n${stack ?? String(error)}`)
    console.error(failures.at(-1))
  }
}

describe('random lives', () => {
  test(`${RUNS} random lives end with exactly what was paid at Stripe`, async () => {
    await fc.assert(
      fc.asyncProperty(lifePlan, (plan) => live(plan)),
      {
        numRuns: RUNS,
        ...(SEED !== undefined && { seed: SEED }),
        ...(LIVES_PATH && { path: LIVES_PATH }),
        // Shrinking takes minutes, and the seed is enough to repeat the life.
        endOnFailure: !LIVES_SHRINK,
        interruptAfterTimeLimit: 60 * 60_000,
      },
    )
    expect(failures).toHaveLength(0)
    if (LIVES_TALLY) console.info(Object.fromEntries(Object.entries(tally).sort(([a], [b]) => (a < b ? -1 : 1))))
    // Lives without certain steps would prove nothing.
    if (RUNS >= 40) {
      for (const what of ['invoices', 'packs', 'reversed', 'dropped', 'killed', 'delivered']) {
        expect(tally[what], what).toBeGreaterThan(0)
      }
    }
  }, 4_000_000)
})
