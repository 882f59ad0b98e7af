import Stripe from 'stripe'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { auditGrants } from '#app/billing/purchases/audit-grants.server.ts'
import { cancelAtPeriodEnd, undoCancellation } from '#app/billing/plan-changes/cancel.server.ts'
import { changePlan } from '#app/billing/plan-changes/change-plan.server.ts'
import { createCheckout } from '#app/billing/checkout/create-checkout.server.ts'
import { StripeUnavailable } from '#app/billing/errors.ts'
import { callStripe } from '#app/billing/stripe/client.server.ts'
import { syncSubscriptions } from '#app/billing/subscriptions/sync-subscriptions.server.ts'
import { DomainError } from '#app/domain-error.ts'
import { BillingHistoryModel } from '#models/billing-history.server.ts'
import { type User, UserModel } from '#models/user.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { useSandboxClock } from '../clock.ts'
import { newestCharge, openInvoicesOf, payWith, scheduledChangeOf, subscriber, subscriptionIdOf } from '../customers.ts'
import { creditsOf, Deliveries, historyOf, post, readUser, sessionIdOf } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

/* Two processes or two tabs at the same time, one in the middle of the other's work. */

const context = useStripe()
useDatabase()
useSandboxClock(context)
const deliveries = new Deliveries(context)
afterEach(() => vi.restoreAllMocks())

/** Runs some work after Stripe has answered a call and before the app continues. */
function afterAnswer(path: string, work: () => Promise<unknown>): { happened: () => boolean } {
  const client = Object.getPrototypeOf(Stripe.createNodeHttpClient()) as Stripe.HttpClient
  const { makeRequest } = client
  let happened = false
  vi.spyOn(client, 'makeRequest').mockImplementation(async function (this: Stripe.HttpClient, ...args) {
    const answer = await makeRequest.apply(this, args)
    if (happened || !args[2].startsWith(path)) return answer
    happened = true
    await work()
    return answer
  })
  return { happened: () => happened }
}

it('a row includes a refund made while an earlier one is handled', async () => {
  const user = await subscriber(deliveries)
  const charge = await newestCharge(context, user)
  await context.stripe.refunds.create({ charge: charge.id, amount: 300 })
  // Keep this event for the end.
  const [last] = deliveries.take('refund.created')
  await deliveries.deliver()
  const { happened } = afterAnswer(`/v1/charges/${charge.id}`, async () => {
    await context.stripe.refunds.create({ charge: charge.id, amount: 500 })
    await deliveries.deliver()
  })
  await post(JSON.stringify(last))
  expect(happened()).toBe(true)
  expect(await creditsOf(user)).toBe(200)
  expect(await historyOf(user)).toMatchObject([{ amountRefunded: 800 }])
})

it('a payment is marked with the plan that another process has found meanwhile', async () => {
  const user = await subscriber(deliveries)
  const [first] = await historyOf(user)
  const old = subscriptionIdOf(user)
  const updateMany = BillingHistoryModel.updateMany.bind(BillingHistoryModel)
  let interleaved = false
  vi.spyOn(BillingHistoryModel, 'updateMany').mockImplementation(((...args: Parameters<typeof updateMany>) => {
    if (interleaved) return updateMany(...args)
    interleaved = true
    return (async () => {
      await context.stripe.subscriptions.cancel(old)
      const { id: price } = (await context.stripe.prices.list({ lookup_keys: ['scrip_daily_month'] })).data[0]!
      const method = await context.stripe.paymentMethods.list({ customer: user.stripeCustomerId! })
      const { id, latest_invoice: invoice } = await context.stripe.subscriptions.create({
        customer: user.stripeCustomerId!,
        items: [{ price }],
        default_payment_method: method.data[0]!.id,
      })
      // The write of the other process is made by hand, since syncs within one process wait for each other.
      const { subscription } = await readUser(user._id)
      const newer = { ...subscription, stripeSubscriptionId: id, plan: 'Daily', version: 'of another process' }
      await UserModel.collection.updateOne({ _id: user._id }, { $set: { subscription: newer } })
      const { _id, ...row } = first!
      const named = {
        stripeInvoiceId: invoice as string,
        stripeSubscriptionId: id,
        isCurrentSubscription: true,
        creditsAdded: 0,
        lines: [],
      }
      await BillingHistoryModel.collection.insertOne({ ...row, ...named })
      return updateMany(...args)
    })()
  }) as typeof BillingHistoryModel.updateMany)

  await syncSubscriptions(user._id)

  expect(interleaved).toBe(true)
  const rows = await historyOf(user)
  const id = (await readUser(user._id)).subscription?.stripeSubscriptionId
  expect(id).not.toBe(old)
  expect(rows.filter((row) => row.isCurrentSubscription).map((row) => row.stripeSubscriptionId)).toEqual([id])
})

it('a key in use is answered with “try again”, not as an error', async () => {
  const message = 'There is currently another in-progress request using this Idempotent Key.'
  const raw = { type: 'idempotency_error' as const, code: 'idempotency_key_in_use', message, statusCode: 409 }
  const inUse = () => Promise.reject(new Stripe.errors.StripeIdempotencyError(raw))
  await expect(callStripe(inUse)).rejects.toThrow(StripeUnavailable)
})

it('an event of an old purchase does not close the page of a new one', async () => {
  const user = await subscriber(deliveries)
  const old = context.sandbox.events('checkout.session.completed').at(-1)!
  await context.stripe.subscriptions.cancel(subscriptionIdOf(user))
  await deliveries.deliver()
  const { url } = await createCheckout({ user, plan: 'Daily', interval: 'month' }, { nonce: 'another purchase' })
  expect((await post(JSON.stringify({ ...old, id: `${old.id}_again` }))).status).toBe(200)
  expect(await context.stripe.checkout.sessions.retrieve(sessionIdOf(url))).toMatchObject({ status: 'open' })
})

type Press = (user: User) => Promise<unknown>
const to =
  (plan: string): Press =>
  (user) =>
    changePlan(user, { plan, interval: 'month' })
const presses: Record<string, Press> = { up: to('Creator'), down: to('Beginner'), same: to('Daily') }
presses['cancel'] = cancelAtPeriodEnd
presses['resume'] = undoCancellation

describe('two clicks at once', () => {
  it.each([
    ['up', 'cancel'],
    ['up', 'down'],
    ['up', 'up'],
    ['down', 'cancel'],
    ['cancel', 'resume'],
    ['down', 'same'],
  ])(
    'the clicks “%s” and “%s” at once leave what Stripe says, with credits in step with the money',
    async (one, other) => {
      const user = await subscriber(deliveries, { plan: 'Daily' })
      const results = await Promise.allSettled([presses[one]!(user), presses[other]!(user)])
      for (const result of results) if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(DomainError)
      await deliveries.deliver({ order: (events) => [...events].reverse() })

      const { subscription } = await readUser(user._id)
      const there = await context.stripe.subscriptions.retrieve(subscriptionIdOf(user))
      const creator = (await context.stripe.prices.list({ lookup_keys: ['scrip_creator_month'] })).data[0]!.id
      const plan = there.items.data[0]!.price.id === creator ? 'Creator' : 'Daily'
      expect(subscription).toMatchObject({ plan, status: 'active', cancelAtPeriodEnd: there.cancel_at_period_end })
      expect(Boolean(await scheduledChangeOf(user))).toBe(there.schedule !== null)
      const rows = await historyOf(user)
      expect(await creditsOf(user)).toBe(rows.reduce((sum, { creditsAdded }) => sum + creditsAdded, 0))
      const paid = rows.reduce((sum, { amount }) => sum + amount, 0)
      expect(paid).toBe(plan === 'Creator' ? 4000 : 1800)
      expect((await auditGrants()).violations).toEqual([])
    },
  )
})

it('of two upgrades that wait for the bank, only the later invoice can be paid', async () => {
  const user = await subscriber(deliveries)
  await payWith(context, user, 'pm_card_authenticationRequired')
  for (const _ of ['first', 'second']) {
    expect(await changePlan(user, { plan: 'Creator', interval: 'month' })).toMatchObject({ state: 'payment-needed' })
  }
  const open = await openInvoicesOf(context, user)
  expect(open).toHaveLength(1)
  await deliveries.deliver()
  expect(await creditsOf(user)).toBe(1000)
  expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Beginner', status: 'active' })
})
