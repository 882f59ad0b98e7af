import { expect } from 'vitest'
import { auditGrants } from '#app/billing/purchases/audit-grants.server.ts'
import type { PlanChangePreview } from '#app/billing/plan-changes/change-preview.server.ts'
import { reconcile } from '#app/billing/reconcile/reconcile.server.ts'
import { pauseOverdue } from '#app/billing/subscriptions/grace-period.server.ts'
import { auditCredits } from '#app/credits/audit.server.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import { runUpkeep } from '#app/credits/upkeep.server.ts'
import { readUser } from '../scenario.ts'
import type { StripeForTests } from '../stripe.ts'
import { checkCaps } from './caps.ts'
import { checkTerms, readLedger } from './ledger.ts'
import { Life } from './life.ts'
import type { LifePlan } from './life-plan.ts'
import { checkPromise, readPromise } from './promises.ts'
import { changeAsShown, checkPriceAfter } from './shown-change.ts'
import { stateOf } from './state.ts'
import { checkTopUps } from './top-ups.ts'
import { truthOf } from './truth.ts'
import type { TrueCredits } from './truth-credits.ts'
import { newWorld, withSeededDice } from './world.ts'

/** Runs a life and checks its end: after Stripe's retries and one reconcile the state must be what was paid at Stripe. */
export async function checkLife(context: StripeForTests, plan: LifePlan, tally: Record<string, number>): Promise<void> {
  const world = await newWorld(context, plan)
  const life = new Life(world, plan)
  await withSeededDice(plan.seed, () => life.live())
  for (const [what, times] of Object.entries(life.tally)) tally[what] = (tally[what] ?? 0) + times

  // If no delivery was lost for good, the retries alone must have repaired everything.
  if (plan.trouble.drop === 0) await compare(world, life, {})
  if (plan.isLate) forgetEvents(world)
  const first = await reconcile(plan.isLate ? { since } : {})
  expect(first?.failed).toEqual([])
  expect(first?.unclaimed).toEqual([])
  await life.courier.finish()
  await compare(world, life, tally)

  await expectClean()
  // Half of the lives change their plan once more, on the page.
  const shown = plan.seed % 2 === 0 ? await changeAsShown(world, life) : null
  if (shown) tally[`changes as shown: ${shown.when}`] = (tally[`changes as shown: ${shown.when}`] ?? 0) + 1
  await keepPromise(world, life, { tally, shown })
  tally['top-ups paid'] = (tally['top-ups paid'] ?? 0) + (await checkTopUps(world, life.user))
  await life.courier.finish()
  await compare(world, life, {})
}

async function expectClean(): Promise<void> {
  expect((await auditCredits()).violations).toEqual([])
  expect(await auditGrants()).toMatchObject({ violations: [], unfinished: [] })
  expect(await reconcile()).toMatchObject({ done: [], failed: [] })
  expect(await reconcile({ since })).toMatchObject({ done: [], failed: [] })
}

/** Advances to the next payment, and checks everything once more. */
async function keepPromise(
  world: StripeForTests,
  life: Life,
  { tally, shown }: { tally: Record<string, number>; shown: PlanChangePreview | null },
): Promise<void> {
  const promised = await readPromise(world, life.user._id)
  if (!promised) return
  const { sandbox } = world
  sandbox.advance(Math.max(0, promised.at - sandbox.now()) + 2 * HOUR)
  await life.courier.finish()
  const isKept = await checkPromise(world, promised)
  const what = isKept ? 'promises' : 'promises of plans that ended earlier'
  tally[what] = (tally[what] ?? 0) + 1
  await compare(world, life, {})
  await readPromise(world, life.user._id)
  const { subscription } = await readUser(life.user._id)
  const isChanged = isKept && shown?.at.getTime() === promised.at * 1000
  if (isChanged && shown?.after.price) checkPriceAfter(shown.after.price, subscription?.price)
  await expectClean()
}

const HOUR = 3600
const since = new Date(0)

/** Stripe keeps events for thirty days. */
function forgetEvents({ sandbox: { world } }: StripeForTests): void {
  const { events } = world.tables
  world.run(() => [...events.oldestFirst()].forEach(({ id }) => events.remove(id)))
}

/** Compares the state of the app with what Stripe says. */
async function compare(world: StripeForTests, life: Life, tally: Record<string, number>): Promise<void> {
  await pauseOverdue()
  await runUpkeep()
  const { _id, stripeCustomerId } = await readUser(life.user._id)
  const bought = new Map<string, TrueCredits>()
  const ledger = await readLedger(_id)
  const truth = await truthOf(world, { bought, trialOf: ledger.trialOf })
  for (const what of ['invoices', 'packs', 'reversed'] as const)
    tally[what] = (tally[what] ?? 0) + Object.keys(truth[what]).length
  for (const what of ['expired', 'capped', 'waiting'] as const)
    if (ledger[what] > 0) tally[what] = (tally[what] ?? 0) + 1
  expect(await stateOf(_id, ledger)).toEqual(truth)
  checkTerms(ledger, bought)
  checkCaps(ledger, bought)
  const { spent, held } = life.wallet
  const { credits, held: isHeld } = await getBalance(_id)
  expect(isHeld).toBe(held)
  expect(credits).toBe(truth.credits - spent - held - ledger.expired - ledger.capped - ledger.waiting)
  await expectOneCustomer(world, stripeCustomerId ?? null)
}

/**
 * A process that dies between creating a customer and storing it leaves an unused one behind, once Stripe has dropped the
 * idempotency key. Nothing is ever bought on it.
 */
async function expectOneCustomer({ stripe }: StripeForTests, customerId: string | null): Promise<void> {
  const { data } = await stripe.customers.list({ limit: 100 })
  for (const { id: customer } of data.filter(({ id }) => id !== customerId)) {
    expect((await stripe.checkout.sessions.list({ customer, status: 'complete' })).data).toEqual([])
    expect((await stripe.invoices.list({ customer })).data).toEqual([])
  }
}
