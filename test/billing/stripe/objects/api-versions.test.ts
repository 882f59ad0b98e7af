import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { auditGrants } from '#app/billing/purchases/audit-grants.server.ts'
import { reconcile } from '#app/billing/reconcile/reconcile.server.ts'
import { pauseOverdue } from '#app/billing/subscriptions/grace-period.server.ts'
import { setNow } from '#app/clock.server.ts'
import { auditCredits } from '#app/credits/audit.server.ts'
import { NotificationModel } from '#models/notification.server.ts'
import type { User } from '#models/user.server.ts'
import { decide, dispute } from '#test/billing/bank.ts'
import { advance, follow } from '#test/billing/clock.ts'
import { chargesOf } from '#test/billing/customers.ts'
import { planPrice } from '#test/billing/plan.ts'
import { aUser, Deliveries, readUser, type PostedEvent } from '#test/billing/scenario.ts'
import { freshStripe, useStripe } from '#test/billing/stripe.ts'
import { useDatabase } from '#test/setup/database.ts'
import { endOf } from '../../end-state.ts'
import { CURRENT_VERSION, inShapeOf, OLD_VERSION, postAll } from '../../event-versions.ts'

/*
 * One eventful life, driven from Stripe's side alone, and reported in several ways. The machine's clock is frozen, so that
 * two lives have the same dates and prorations.
 */

const context = useStripe()
useDatabase()
beforeAll(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-01-31T10:00:00Z') })
})
afterAll(() => {
  vi.useRealTimers()
  setNow(null)
})

interface Life {
  user: User
  line: Deliveries
  /** Called after each step. */
  tell: () => Promise<unknown>
}

type Way = (life: Omit<Life, 'tell'>) => Promise<unknown>

const subscriptionOf = async ({ user }: Life) => {
  const { stripeCustomerId: customer } = await readUser(user._id)
  return (await context.stripe.subscriptions.list({ customer: customer!, limit: 1 })).data[0]!
}

/** Pack, first payment, renewal, upgrade, partial refund, failed and late payment, dispute won, cancellation, deletion. */
async function live(life: Life): Promise<void> {
  const { user, line, tell } = life
  const { stripe } = context
  await line.buy({ user, pack: '2000' })
  await tell()
  await line.buy({ user, plan: 'Beginner', interval: 'month' })
  await tell()
  advance(context, 32)
  await tell()

  const { id, items, customer } = await subscriptionOf(life)
  const price = await planPrice('Creator')
  advance(context, 10)
  await stripe.subscriptions.update(id, {
    items: [{ id: items.data[0]!.id, price }],
    proration_behavior: 'always_invoice',
  })
  await tell()
  const renewal = (await chargesOf(context, user))[1]!
  await stripe.refunds.create({ charge: renewal.id, amount: 300 })
  await tell()

  const failing = await stripe.paymentMethods.attach('pm_card_chargeCustomerFail', { customer: customer as string })
  await stripe.subscriptions.update(id, { default_payment_method: failing.id })
  advance(context, 30)
  await tell()
  advance(context, 1)
  const [open] = (await stripe.invoices.list({ customer: customer as string, status: 'open' })).data
  await stripe.invoices.pay(open!.id, { payment_method: 'pm_card_visa' })
  await tell()

  const charge = (await chargesOf(context, user))[0]!
  const disputed = dispute(context, charge.id)
  await tell()
  await decide(context, disputed, 'won')
  await tell()
  await stripe.subscriptions.update(id, { cancel_at_period_end: true })
  await tell()
  advance(context, 40)
  await tell()
}

/** Runs the life at a Stripe of its own. @returns its end state */
async function endToldBy(way: Way) {
  vi.setSystemTime(new Date('2026-01-31T10:00:00Z'))
  await freshStripe(context)
  follow(context)
  const [line, user] = [new Deliveries(context), await aUser()]
  await live({ user, line, tell: () => way({ user, line }) })
  // Applies what is due by now: the end of a grace period.
  await pauseOverdue()
  return { user, end: await endOf(user) }
}

const inVersion =
  (version: string): Way =>
  async ({ line }) => {
    const events = line.take().map((event) => inShapeOf(context, event, version))
    expect(events.length).toBeGreaterThan(0)
    expect(new Set(await postAll(events))).toEqual(new Set([200]))
  }

const mailsOf = async ({ _id }: User) =>
  (await NotificationModel.find({ userId: _id }).select({ kind: 1 }).lean()).map(({ kind }) => kind).sort()

describe('a customer’s life in two API versions', () => {
  it(
    'a customer’s life ends the same with events in the shape before basil and in the current one (1.14)',
    { timeout: 120_000 },
    async () => {
      const today = await endToldBy(inVersion(CURRENT_VERSION))
      const before = await endToldBy(inVersion(OLD_VERSION))
      expect(before.end).toEqual(today.end)
      expect(await mailsOf(before.user)).toEqual(await mailsOf(today.user))
      // It is the intended life, not two empty ones.
      expect(today.end).toMatchObject({
        balance: { frozen: null, debt: 0 },
        subscription: { plan: 'Free', isStored: false, endedReason: 'cancellation_requested' },
      })
      expect(today.end.rows.map(({ kind, plan, refunded, status }) => [kind, plan, refunded, status])).toEqual([
        ['plan', 'Creator', 0, 'cancelled'],
        ['plan', 'Creator', 0, 'cancelled'],
        ['plan', 'Beginner', 300, 'partially_refunded'],
        ['plan', 'Beginner', 0, 'cancelled'],
        ['pack', 'Credit pack 2000', 0, 'active'],
      ])
      const [renewed, upgraded] = today.end.rows
      expect(renewed).toMatchObject({ amount: 4000, credits: 5000 })
      expect(today.end.balance.credits).toBe(2000 + 1000 + 700 + upgraded!.credits + 5000)
      expect(today.end.entries.filter((entry) => entry.startsWith('re'))).toEqual([
        'restore 5000',
        'reversal -300',
        'reversal -5000',
      ])
    },
  )

  it(
    'a customer’s life ends the same without webhooks when reconcile runs now and then, or once at the end (1.13)',
    { timeout: 120_000 },
    async () => {
      const told = await endToldBy(inVersion(CURRENT_VERSION))
      const reconciled = await endToldBy(() => reconcile())
      expect(reconciled.end).toEqual(told.end)

      let runs = 0
      const late = await endToldBy(() => Promise.resolve(runs++))
      expect(runs).toBeGreaterThan(8)
      expect(await reconcile({ since: new Date(0) })).toMatchObject({ failed: [] })
      const reasonOfEnded = (end: typeof told.end) =>
        end.rows.map((row) => ({ ...row, reason: row.status === 'cancelled' ? row.reason : null }))
      expect(reasonOfEnded(await endOf(late.user))).toEqual(reasonOfEnded(told.end))
      expect((await endOf(late.user)).balance).toEqual(told.end.balance)
      expect(await reconcile({ since: new Date(0) })).toMatchObject({ done: [], failed: [] })
    },
  )

  it.each([OLD_VERSION, CURRENT_VERSION])(
    'a customer’s life known only from events in the shape of %s counts what was paid and ends when they say so (1.14)',
    async (version) => {
      const told: PostedEvent[] = []
      const { user } = await endToldBy(({ line }) => {
        // In the shape in which they were sent at the time.
        told.push(...line.take().map((event) => inShapeOf(context, event, version)))
        return Promise.resolve()
      })
      forgetPurchases()
      expect(new Set(await postAll(told))).toEqual(new Set([200]))
      expect(new Set(await postAll(told.map((event) => ({ ...event, id: `${event.id}_again` }))))).toEqual(
        new Set([200]),
      )
      const { rows, subscription } = await endOf(user)
      expect(subscription).toMatchObject({ plan: 'Free', isStored: false })
      expect(rows.map(({ credits }) => credits)).toEqual([5000, expect.any(Number), 1000, 1000, 2000])
      // Before basil a charge names its invoice, so its refund can be assigned from the event alone.
      const refunded = version === OLD_VERSION ? 300 : 0
      expect((await endOf(user)).balance.credits).toBe(rows.reduce((sum, row) => sum + row.credits, 0) - refunded)
    },
  )

  it('the books balance after all these lives', async () => {
    expect((await auditGrants()).violations).toEqual([])
    expect((await auditCredits()).violations).toEqual([])
  })
})

const PURCHASES = [
  'charges',
  'checkoutSessions',
  'disputes',
  'invoicePayments',
  'invoices',
  'paymentIntents',
  'refunds',
  'subscriptions',
] as const

/** As if everything had happened at another account: only prices and customers are known. */
function forgetPurchases(): void {
  const { tables } = context.sandbox.world
  context.sandbox.world.run(() => {
    for (const name of PURCHASES) for (const { id } of [...tables[name].oldestFirst()]) tables[name].remove(id)
  })
}
