import { randomUUID } from 'node:crypto'
import Stripe from 'stripe'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { auditGrants } from '#app/billing/purchases/audit-grants.server.ts'
import { cancelAtPeriodEnd } from '#app/billing/plan-changes/cancel.server.ts'
import { cancelUnpaid, openPaymentOf, payAndCancel } from '#app/billing/dunning/cancel-unpaid.server.ts'
import { CardDeclined, PaymentOwed } from '#app/billing/errors.ts'
import { action, loader } from '#app/routes/_app.billing.cancel/route.tsx'
import { type Notification, NotificationModel } from '#models/notification.server.ts'
import type { User } from '#models/user.server.ts'
import { visitAs } from '#test/auth/users.ts'
import { useDatabase } from '#test/setup/database.ts'
import { advance, follow, useSandboxClock } from '../clock.ts'
import { openInvoicesOf, overdueSubscriber, payWith, subscriber, subscriptionIdOf } from '../customers.ts'
import { creditsOf, Deliveries, historyOf, readUser } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

const context = useStripe()
useDatabase()
const deliveries = new Deliveries(context)
useSandboxClock(context)

/** The clock moves for all tests, so the plans of this one are ended. */
afterEach(async () => {
  for (const { id } of (await context.stripe.subscriptions.list()).data) await context.stripe.subscriptions.cancel(id)
  deliveries.take()
})

const atStripe = (user: User) => context.stripe.subscriptions.retrieve(subscriptionIdOf(user))
const mailsOf = ({ _id }: User, kind: string) => NotificationModel.find({ userId: _id, kind }).lean<Notification[]>()
const chargedOf = async (user: User) => {
  const { data } = await context.stripe.charges.list({ customer: user.stripeCustomerId!, limit: 100 })
  return data.filter(({ paid }) => paid).reduce((sum, { amount }) => sum + amount, 0)
}

type Client = Record<'makeRequest', (host: string, port: string, path: string, ...rest: unknown[]) => unknown>

/** Changes something at Stripe right before the app's next call to a path. */
async function withCallBefore<T>(ending: string, first: () => Promise<unknown>, work: () => Promise<T>): Promise<T> {
  const client = Object.getPrototypeOf(Stripe.createNodeHttpClient()) as Client
  const original = client.makeRequest.bind(client)
  let isDone = false
  const spy = vi.spyOn(client, 'makeRequest').mockImplementation(async function (host, port, path, ...rest) {
    if (!isDone && path.endsWith(ending)) {
      isDone = true
      await first()
    }
    return original(host, port, path, ...rest)
  })
  return work().finally(() => spy.mockRestore())
}

/** Expects that nothing was charged or granted for the canceled period, and that nothing will be. */
async function expectNothingOf(user: User): Promise<void> {
  const { status } = await atStripe(user)
  expect(status).toBe('canceled')
  expect(await openInvoicesOf(context, user)).toEqual([])
  advance(context, 60)
  await deliveries.deliver()
  expect((await readUser(user._id)).subscription).toMatchObject({ stripeSubscriptionId: null, plan: 'Free' })
  expect(await chargedOf(user)).toBe(1000)
  expect(await creditsOf(user)).toBe(1000)
  expect(await historyOf(user)).toHaveLength(1)
  expect((await auditGrants()).violations).toEqual([])
}

describe('a cancellation while a payment is due', () => {
  it('canceling at period end is refused while a payment is due, with the amount, since it would not stop the payment', async () => {
    const user = await overdueSubscriber(deliveries)
    await expect(cancelAtPeriodEnd(user)).rejects.toThrow(PaymentOwed)
    await expect(cancelAtPeriodEnd(user)).rejects.toThrow('A payment of $10.00 is still open.')
    expect(await atStripe(user)).toMatchObject({ status: 'past_due', cancel_at_period_end: false })
    expect(await openPaymentOf(user)).toMatchObject({ amount: 1000, currency: 'usd', credits: 1000 })
  })

  it('canceling without paying voids the invoice, ends the plan, charges and grants nothing, and the mail says so', async () => {
    const user = await overdueSubscriber(deliveries)
    expect(await cancelUnpaid(user)).toEqual({ state: 'ended' })
    await deliveries.deliver()
    expect(await mailsOf(user, 'subscription_ended')).toMatchObject([
      { data: { reason: 'cancellation_requested', voided: { amount: 1000, currency: 'usd' } } },
    ])
    expect(await mailsOf(user, 'subscription_canceled')).toEqual([])
    await expectNothingOf(user)
  })

  it('paying and canceling charges once, grants the period, and charges nothing more', async () => {
    const user = await overdueSubscriber(deliveries)
    await payWith(context, user, 'pm_card_visa')
    const nonce = randomUUID()
    const both = await Promise.all([
      payAndCancel(user, { nonce, amount: 1000 }),
      payAndCancel(user, { nonce, amount: 1000 }),
    ])
    expect(both).toEqual([{ state: 'ending' }, { state: 'ending' }])
    expect((await readUser(user._id)).subscription).toMatchObject({ status: 'active', cancelAtPeriodEnd: true })
    expect(await creditsOf(user)).toBe(2000)
    advance(context, 31)
    await deliveries.deliver()
    expect(await chargedOf(user)).toBe(2000)
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Free' })
    expect(await mailsOf(user, 'subscription_ended')).toMatchObject([{ data: { voided: null } }])
  })

  it('a declined card changes nothing, and no more than was shown is charged', async () => {
    const user = await overdueSubscriber(deliveries)
    await expect(payAndCancel(user, { nonce: randomUUID(), amount: 1000 })).rejects.toThrow(CardDeclined)
    await expect(payAndCancel(user, { nonce: randomUUID(), amount: 999 })).rejects.toThrow(PaymentOwed)
    expect(await atStripe(user)).toMatchObject({ status: 'past_due', cancel_at_period_end: false })
    expect(await chargedOf(user)).toBe(1000)
  })

  it('a payment that arrives first keeps its period, and nothing more is charged', async () => {
    const user = await overdueSubscriber(deliveries)
    const [open] = await openInvoicesOf(context, user)
    const pay = () => context.stripe.invoices.pay(open!.id, { payment_method: 'pm_card_visa' })
    const { state } = await withCallBefore('/void', pay, () => cancelUnpaid(user))
    expect(state).toBe('too-late')
    await deliveries.deliver()
    const { status, cancel_at_period_end } = await atStripe(user)
    expect({ status, cancel_at_period_end }).toEqual({ status: 'active', cancel_at_period_end: true })
    expect(await creditsOf(user)).toBe(2000)
    advance(context, 60)
    await deliveries.deliver()
    expect(await chargedOf(user)).toBe(2000)
  })

  it('canceling twice, at once or later, ends the plan once', async () => {
    const user = await overdueSubscriber(deliveries)
    const both = await Promise.allSettled([cancelUnpaid(user), cancelUnpaid(user)])
    expect(both.some(({ status }) => status === 'fulfilled')).toBe(true)
    await deliveries.deliver()
    expect(await mailsOf(user, 'subscription_ended')).toHaveLength(1)
    await expectNothingOf(user)
  })

  it('the mail about a cancellation on Stripe’s page names the amount due', async () => {
    const user = await overdueSubscriber(deliveries)
    await context.stripe.subscriptions.update(subscriptionIdOf(user), { cancel_at_period_end: true })
    await deliveries.deliver()
    expect(await mailsOf(user, 'subscription_canceled')).toMatchObject([
      { data: { owed: { amount: 1000, currency: 'usd' } } },
    ])
    // Canceling without paying is still possible.
    expect(await cancelUnpaid(user)).toEqual({ state: 'ended' })
    await deliveries.deliver()
    await expectNothingOf(user)
  })
})

describe('the hour before a renewal is collected', () => {
  it('a renewal counts as due in the hour before it is collected, and canceling without paying stops it', async () => {
    const user = await subscriber(deliveries)
    context.sandbox.advance(user.subscription!.currentPeriodEnd!.getTime() / 1000 - context.sandbox.now() + 600)
    follow(context)
    await deliveries.deliver()
    await expect(cancelAtPeriodEnd(user)).rejects.toThrow(PaymentOwed)
    expect(await cancelUnpaid(user)).toEqual({ state: 'ended' })
    await deliveries.deliver()
    await expectNothingOf(user)
  })
})

describe('the cancellation page', () => {
  const args = async (user: User, search: string, form?: Record<string, string>) => {
    const { url, headers } = await visitAs(user, `/billing/cancel${search}`)
    const body = form && { method: 'POST', body: new URLSearchParams(form) }
    return { request: new Request(url, { headers, ...body }), params: {}, context: {} }
  }
  const send = async (user: User, form: Record<string, string>) => {
    const answer: unknown = await action(await args(user, '', form))
    return answer instanceof Response ? answer.headers.get('Location') : answer
  }

  it('the page states the amount due and what each of the two choices charges, grants and takes', async () => {
    const user = await overdueSubscriber(deliveries)
    const { owed } = await loader(await args(user, ''))
    expect(owed?.sum).toBe('$10.00')
    expect(owed?.ways.now?.facts).toEqual([
      '$10.00 is not charged, now or later.',
      expect.stringMatching(/^Beginner ends at once/) as string,
      'The 1,000 credits of this period are not added.',
      'You keep your 1,000 credits.',
    ])
    expect(owed?.ways.pay?.label).toMatch(/^Pay \$10\.00 and keep Beginner until /)
    expect(owed?.ways.pay?.facts[1]).toBe('1,000 credits are added.')
  })

  it('a form from before the payment was due cancels nothing and leads to the choice', async () => {
    const user = await overdueSubscriber(deliveries)
    expect(await send(user, { reason: 'unused' })).toBe('/billing/cancel?owed=1')
    expect(await atStripe(user)).toMatchObject({ status: 'past_due', cancel_at_period_end: false })
  })

  it('the second of two cancellations says that the plan has ended', async () => {
    const user = await overdueSubscriber(deliveries)
    expect(await send(user, { choice: 'now' })).toBe('/billing?done=ended')
    expect(await send(user, { choice: 'now' })).toBe('/billing?done=ended')
  })
})
