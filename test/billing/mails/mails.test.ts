import { describe, expect, it, vi } from 'vitest'
import { cancelAtPeriodEnd, undoCancellation } from '#app/billing/plan-changes/cancel.server.ts'
import { confirmationPage } from '#app/billing/dunning/bank-confirmation.server.ts'
import { syncSubscriptions } from '#app/billing/subscriptions/sync-subscriptions.server.ts'
import { setNow } from '#app/clock.server.ts'
import type { NotificationKind } from '#app/notifications/kinds.ts'
import { type Notification, NotificationModel } from '#models/notification.server.ts'
import type { User } from '#models/user.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { DISPUTED_CARD } from '../bank.ts'
import { advance, useSandboxClock } from '../clock.ts'
import { newestCharge, openInvoicesOf, payWith, subscriptionIdOf } from '../customers.ts'
import { usePlan } from '../plan.ts'
import { aUser, Deliveries, post, readUser } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

const context = useStripe()
useDatabase()
const deliveries = new Deliveries(context)
const beginner = usePlan('Beginner')
useSandboxClock(context)

/** Delivers every event twice, once in each order, because causes often repeat. */
const deliver = () => deliveries.deliver({ order: (events) => [...events, ...events.slice().reverse()] })

async function subscriber(interval: 'month' | 'year' = 'month'): Promise<User> {
  const user = await aUser()
  await deliveries.buy({ user, plan: 'Beginner', interval })
  await deliver()
  return readUser(user._id)
}

async function mailsOf({ _id }: User, kind?: NotificationKind): Promise<Notification[]> {
  return NotificationModel.find({ userId: _id, ...(kind && { kind }) })
    .sort({ createdAt: 1, 'data.amount': 1 })
    .lean<Notification[]>()
}

const kindsOf = async (user: User) => (await mailsOf(user)).map(({ kind }) => kind).sort()

describe('a receipt', () => {
  it('one receipt is sent for each paid invoice, whichever events report it', async () => {
    const user = await subscriber()
    expect(await kindsOf(user)).toEqual(['payment_receipt'])
    const [receipt] = await mailsOf(user)
    expect(receipt!.data).toMatchObject({ amount: 1000, currency: 'usd', credits: 1000 })
    expect(receipt!.data.description).toMatch(/^Beginner, \d+ \w+ to \d+ \w+ \d{4}$/)
    expect(receipt!.data.invoiceUrl).toMatch(/^http/)
    advance(context, 32)
    await deliver()
    expect(await kindsOf(user)).toEqual(['payment_receipt', 'payment_receipt'])
  })

  it('a pack has a receipt too, and no other mail', async () => {
    const user = await aUser()
    await deliveries.buy({ user, pack: '500' })
    await deliver()
    expect(await mailsOf(user)).toMatchObject([
      { kind: 'payment_receipt', data: { amount: 600, credits: 500, description: '500 credits' } },
    ])
  })

  it('a payment of $0 has no receipt, and a trial announces its credits instead', async () => {
    beginner.trial = { days: 14, credits: 50 }
    const user = await subscriber()
    expect(await mailsOf(user)).toMatchObject([{ kind: 'credits_arrived', data: { credits: 50, balance: 50 } }])
  })

  it('a receipt of a yearly plan in monthly shares counts only the credits that have started', async () => {
    beginner.yearlyCredits = 'monthly'
    const user = await subscriber('year')
    expect(await mailsOf(user)).toMatchObject([{ kind: 'payment_receipt', data: { amount: 10_000, credits: 1000 } }])
  })

  it('a payment found by reconcile long afterwards has no receipt', async () => {
    const user = await aUser()
    await deliveries.buy({ user, plan: 'Beginner', interval: 'month' })
    setNow(() => new Date((context.sandbox.now() + 8 * 86_400) * 1000))
    await deliver()
    expect(await mailsOf(user)).toEqual([])
  })
})

describe('an unpaid renewal', () => {
  it('an unpaid renewal is mailed once for all its attempts, with the end of the grace period, and paying sends a receipt', async () => {
    const user = await subscriber()
    await payWith(context, user, 'pm_card_chargeCustomerFail')
    advance(context, 32)
    await deliver()
    advance(context, 4)
    await deliver()
    const { gracePeriodEnd } = (await readUser(user._id)).subscription!
    expect(await mailsOf(user, 'payment_failed')).toMatchObject([
      { data: { amount: 1000, plan: 'Beginner', graceEndsAt: gracePeriodEnd } },
    ])
    await context.stripe.invoices.pay((await openInvoicesOf(context, user))[0]!.id, { payment_method: 'pm_card_visa' })
    await deliver()
    expect(await kindsOf(user)).toEqual(['payment_failed', 'payment_receipt', 'payment_receipt'])
  })

  it('a renewal that requires authentication leads to the confirmation and is not called declined', async () => {
    const user = await subscriber()
    await payWith(context, user, 'pm_card_authenticationRequired')
    advance(context, 32)
    await deliver()
    const [open] = await openInvoicesOf(context, user)
    const { id, hosted_invoice_url: confirmUrl } = open!
    expect(await mailsOf(user, 'action_required')).toMatchObject([
      { _id: `action_required:${id}`, data: { amount: 1000, confirmUrl } },
    ])
    expect(await mailsOf(user, 'payment_failed')).toEqual([])
    // The pages link there as well, without a request to Stripe; if another card is declined they link to the card again.
    expect((await readUser(user._id)).subscription).toMatchObject({ status: 'past_due', confirmationAsked: true })
    expect(await confirmationPage(user)).toBe(confirmUrl)
    await context.stripe.invoices.pay(id, { payment_method: 'pm_card_visa' })
    await deliver()
    expect((await readUser(user._id)).subscription).toMatchObject({ status: 'active', confirmationAsked: false })
    expect(await confirmationPage(user)).toBeNull()
  })

  it('a failed renewal sends no mail if the payment succeeded before its event arrived', async () => {
    const user = await subscriber()
    await payWith(context, user, 'pm_card_chargeCustomerFail')
    advance(context, 32)
    await context.stripe.invoices.pay((await openInvoicesOf(context, user))[0]!.id, { payment_method: 'pm_card_visa' })
    await deliver()
    expect(await kindsOf(user)).toEqual(['payment_receipt', 'payment_receipt'])
  })
})

describe('the mails about a plan', () => {
  it('each change of a plan (canceled, undone, canceled again, ended) is mailed once', async () => {
    const user = await subscriber()
    await cancelAtPeriodEnd(user)
    await deliver()
    expect(await mailsOf(user, 'subscription_canceled')).toMatchObject([
      { data: { plan: 'Beginner', worksUntil: user.subscription!.currentPeriodEnd } },
    ])
    await undoCancellation(user)
    await deliver()
    expect(await mailsOf(user, 'subscription_resumed')).toMatchObject([
      { data: { plan: 'Beginner', next: { amount: 1000, currency: 'usd' } } },
    ])
    advance(context, 1)
    await cancelAtPeriodEnd(user)
    await deliver()
    advance(context, 1)
    await undoCancellation(user)
    await deliver()
    expect(await mailsOf(user, 'subscription_canceled')).toHaveLength(2)
    expect(await mailsOf(user, 'subscription_resumed')).toHaveLength(2)

    await cancelAtPeriodEnd(user)
    advance(context, 31)
    await deliver()
    await syncSubscriptions(user._id)
    expect(await mailsOf(user, 'subscription_ended')).toMatchObject([
      {
        _id: `subscription_ended:${subscriptionIdOf(user)}`,
        data: { plan: 'Beginner', reason: 'cancellation_requested' },
      },
    ])
  })

  it('the mail about a plan that dunning ended says so', async () => {
    const user = await subscriber()
    await payWith(context, user, 'pm_card_chargeCustomerFail')
    for (let week = 0; week < 10; week++) {
      advance(context, 7)
      await deliver()
    }
    expect(await mailsOf(user, 'subscription_ended')).toMatchObject([{ data: { reason: 'payment_failed' } }])
    expect(await mailsOf(user, 'payment_failed')).toHaveLength(1)
  })

  it('two processes that see the same change of a plan send one mail', async () => {
    const user = await subscriber()
    await context.stripe.subscriptions.update(subscriptionIdOf(user), { cancel_at_period_end: true })
    await Promise.all([1, 2, 3, 4].map(() => syncSubscriptions(user._id)))
    await context.stripe.subscriptions.update(subscriptionIdOf(user), { cancel_at_period_end: false })
    await Promise.all([1, 2, 3, 4].map(() => syncSubscriptions(user._id)))
    expect(await kindsOf(user)).toEqual(['payment_receipt', 'subscription_canceled', 'subscription_resumed'])
  })

  it('a pause after a trial without a card is mailed once, and so is its end', async () => {
    beginner.trial = { days: 14, credits: 0 }
    const user = await subscriber()
    const cards = await context.stripe.customers.listPaymentMethods(user.stripeCustomerId!)
    for (const { id } of cards.data) await context.stripe.paymentMethods.detach(id)
    advance(context, 15)
    await deliver()
    await Promise.all([1, 2].map(() => syncSubscriptions(user._id)))
    const { trialEnd } = user.subscription!
    expect(await mailsOf(user, 'subscription_paused')).toMatchObject([
      {
        data: { plan: 'Beginner', trialEndedAt: trialEnd, price: { amount: 1000, currency: 'usd', interval: 'month' } },
      },
    ])

    await payWith(context, user, 'pm_card_visa')
    await context.stripe.subscriptions.resume(subscriptionIdOf(user))
    await deliver()
    expect(await mailsOf(user, 'subscription_resumed')).toHaveLength(1)
    expect(await mailsOf(user, 'subscription_paused')).toHaveLength(1)
  })

  it('a pause from before the plan was first seen is mailed too, unless it is too old', async () => {
    beginner.trial = { days: 14, credits: 0 }
    const users: User[] = []
    for (const days of [15, 30]) {
      const user = await aUser()
      await deliveries.buy({ user, plan: 'Beginner', interval: 'month' })
      const customer = (await readUser(user._id)).stripeCustomerId!
      const cards = await context.stripe.customers.listPaymentMethods(customer)
      for (const { id } of cards.data) await context.stripe.paymentMethods.detach(id)
      advance(context, days)
      await deliver()
      users.push(user)
    }
    expect(await mailsOf(users[0]!, 'subscription_paused')).toHaveLength(1)
    expect(await mailsOf(users[1]!, 'subscription_paused')).toEqual([])
  })

  it('the mail before a trial’s end states the price, unless the trial was canceled', async () => {
    beginner.trial = { days: 14, credits: 0 }
    const staying = await subscriber()
    const leaving = await subscriber()
    await cancelAtPeriodEnd(leaving)
    advance(context, 12)
    await deliver()
    expect(await mailsOf(staying, 'trial_ending')).toMatchObject([
      {
        data: {
          plan: 'Beginner',
          next: { amount: 1000, credits: 1000, isExact: true },
          price: { amount: 1000, interval: 'month' },
        },
      },
    ])
    expect(await mailsOf(leaving, 'trial_ending')).toEqual([])
  })
})

describe('refunds and disputes', () => {
  it('each refund has its mail, with the credits that it took', async () => {
    const user = await subscriber()
    const { id: charge } = await newestCharge(context, user)
    await context.stripe.refunds.create({ charge, amount: 333 })
    await deliver()
    await context.stripe.refunds.create({ charge, amount: 500 })
    await deliver()
    const mails = await mailsOf(user, 'refund')
    // Two mails of one millisecond have no order.
    const byAmount = [...mails].sort((one, other) => Number(one.data.amount) - Number(other.data.amount))
    expect(byAmount).toMatchObject([
      { data: { amount: 333, currency: 'usd', credits: 333 } },
      { data: { amount: 500, currency: 'usd', credits: 500 } },
    ])
    expect(mails[0]!.data.description).toMatch(/^Beginner, /)
  })

  it('a dispute is mailed when it opens, and its credits when it is won', async () => {
    const user = await aUser()
    await deliveries.buy({ user, plan: 'Beginner', interval: 'month' }, DISPUTED_CARD)
    await deliver()
    const customer = (await readUser(user._id)).stripeCustomerId!
    const { data: charges } = await context.stripe.charges.list({ customer, limit: 1 })
    const { data: disputes } = await context.stripe.disputes.list({ charge: charges[0]!.id })
    expect(await mailsOf(user, 'dispute_opened')).toMatchObject([
      { _id: `dispute_opened:${disputes[0]!.id}`, data: { amount: 1000, currency: 'usd' } },
    ])
    await context.stripe.disputes.update(disputes[0]!.id, {
      evidence: { uncategorized_text: 'winning_evidence' },
      submit: true,
    })
    await deliver()
    expect(await kindsOf(user)).toEqual(['credits_arrived', 'dispute_opened', 'payment_receipt'])
    expect(await mailsOf(user, 'credits_arrived')).toMatchObject([{ data: { credits: 1000, balance: 1000 } }])
  })
})

describe('an unavailable outbox', () => {
  it('an unavailable outbox leaves the payment processed, and the mail is queued on the next attempt', async () => {
    const user = await aUser()
    await deliveries.buy({ user, plan: 'Beginner', interval: 'month' })
    const outbox = vi
      .spyOn(NotificationModel.collection, 'updateOne')
      .mockRejectedValue(new Error('the outbox is down'))
    const events = deliveries.waiting()
    const statuses = await deliveries.deliver()
    outbox.mockRestore()
    expect(statuses).toContain(500)
    expect(await mailsOf(user)).toEqual([])
    for (const event of events) await post(JSON.stringify(event))
    expect(await kindsOf(user)).toEqual(['payment_receipt'])
  })
})
