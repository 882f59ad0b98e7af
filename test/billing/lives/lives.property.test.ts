import fc from 'fast-check'
import mongoose from 'mongoose'
import Stripe from 'stripe'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { auditGrants } from '#app/billing/audit-grants.server.ts'
import { ensurePrices, forgetPrices } from '#app/billing/prices.server.ts'
import { reconcile } from '#app/billing/reconcile.server.ts'
import { pauseOverdue } from '#app/billing/spending-pause.server.ts'
import { setNow } from '#app/clock.server.ts'
import { resetConfig } from '#app/config.server.ts'
import { auditCredits } from '#app/credits/audit.server.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import { startStripeSandbox } from '#sandbox/stripe/server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { readUser } from '../scenario.ts'
import { useStripe, type StripeForTests } from '../stripe.ts'
import { makeCallsMortal, randomOf } from './chaos.ts'
import { Life } from './life.ts'
import { stateOf } from './state.ts'
import { lifePlan, type LifePlan } from './steps.ts'
import { truthOf } from './truth.ts'

/*
 * Random lives of customers through the sandbox, with the real billing code and the real engine: LIVES_RUNS of them,
 * LIVES_SEED and LIVES_PATH to see one again that failed (fast-check prints both), LIVES_SHRINK=1 to make it smaller.
 */

const { LIVES_RUNS, LIVES_SEED } = process.env
const RUNS = Number(LIVES_RUNS ?? 12)
/** The everyday run lives the same lives each time; whoever asks for a number of them gets new ones. */
const SEED = LIVES_SEED ? Number(LIVES_SEED) : LIVES_RUNS ? undefined : 4

const context = useStripe()
useDatabase()
let makeCallsImmortal: () => void
beforeAll(() => {
  makeCallsImmortal = makeCallsMortal()
})
afterAll(() => {
  makeCallsImmortal()
  setNow(null)
})

/** Every life has a Stripe and a database of its own, so that one that fails spoils none of the next. */
async function newWorld(): Promise<StripeForTests> {
  await context.sandbox.close()
  setNow(null)
  context.sandbox = await startStripeSandbox()
  const { port } = context.sandbox
  context.stripe = new Stripe('sk_test_lives', { host: '127.0.0.1', port, protocol: 'http', maxNetworkRetries: 0 })
  process.env.STRIPE_API_BASE = context.sandbox.url
  resetConfig()
  forgetPrices()
  const { db } = mongoose.connection
  for (const { name } of await db!.listCollections().toArray()) await db!.collection(name).deleteMany({})
  await ensurePrices()
  return context
}

/** Stripe's own dice follow the life's seed, as far as two calls at once let them. */
async function withSeededDice<T>(seed: number, work: () => Promise<T>): Promise<T> {
  const { random } = Math
  Math.random = randomOf(seed)
  try {
    return await work()
  } finally {
    Math.random = random
  }
}

/**
 * A process that dies between making a customer and noting it leaves an empty one behind, once Stripe has forgotten the
 * idempotency key. Nothing is ever bought on it.
 */
async function expectOneCustomer({ stripe }: StripeForTests, customerId: string | null): Promise<void> {
  const { data } = await stripe.customers.list({ limit: 100 })
  for (const { id: customer } of data.filter(({ id }) => id !== customerId)) {
    expect((await stripe.checkout.sessions.list({ customer, status: 'complete' })).data).toEqual([])
    expect((await stripe.invoices.list({ customer })).data).toEqual([])
  }
}

const tally: Record<string, number> = {}

async function check(plan: LifePlan): Promise<void> {
  const world = await newWorld()
  const life = new Life(world, plan)
  await withSeededDice(plan.seed, () => life.live())
  for (const [what, times] of Object.entries(life.courier.tally)) tally[what] = (tally[what] ?? 0) + times

  const first = await reconcile()
  expect(first?.failed).toEqual([])
  await life.courier.finish()
  await pauseOverdue()

  const { _id, stripeCustomerId } = await readUser(life.user._id)
  const truth = await truthOf(world, stripeCustomerId ?? null)
  for (const [what, count] of Object.entries({
    invoices: truth.invoices,
    packs: truth.packs,
    reversed: truth.reversed,
  }))
    tally[what] = (tally[what] ?? 0) + Object.keys(count).length
  expect(await stateOf(_id)).toEqual(truth)
  expect((await getBalance(_id)).credits).toBe(truth.credits - life.spent)
  await expectOneCustomer(world, stripeCustomerId ?? null)

  expect((await auditCredits()).violations).toEqual([])
  expect(await auditGrants()).toMatchObject({ violations: [], unfinished: [] })
  const since = new Date(0)
  expect(await reconcile()).toMatchObject({ done: [], failed: [] })
  expect(await reconcile({ since })).toMatchObject({ done: [], failed: [] })
}

describe('random lives', () => {
  test(`${RUNS} of them end as Stripe says they were paid`, async () => {
    await fc.assert(fc.asyncProperty(lifePlan, check), {
      numRuns: RUNS,
      ...(SEED !== undefined && { seed: SEED }),
      ...(process.env.LIVES_PATH && { path: process.env.LIVES_PATH }),
      // Shrinking takes minutes, and the seed is enough to see the life again.
      endOnFailure: !process.env.LIVES_SHRINK,
      interruptAfterTimeLimit: 30 * 60_000,
    })
    if (process.env.LIVES_TALLY) console.info(tally)
    // A life in which nothing happens proves nothing.
    if (RUNS >= 40) {
      for (const what of ['invoices', 'packs', 'reversed', 'dropped', 'killed', 'delivered']) {
        expect(tally[what], what).toBeGreaterThan(0)
      }
    }
  }, 1_800_000)
})
