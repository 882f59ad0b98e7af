import { describe, expect, test } from 'vitest'
import type { User } from '#models/user.server.ts'
import { planStatusOf } from '#app/plan-status/plan-status.ts'

const now = new Date('2026-05-04T12:00:00Z')
const context = { now, timeZone: 'Europe/Berlin', gracePeriodDays: 3, credits: 1840, frozen: null as string | null }

type Subscription = NonNullable<User['subscription']>

const monthly = {
  ...{ amount: 1800, currency: 'usd', credits: 2000 },
  ...{ interval: 'month' as const, intervalCount: 1, isExact: true },
}

function subscription(changes: Partial<Subscription> = {}): Subscription {
  return {
    stripeSubscriptionId: 'sub_1',
    plan: 'Daily',
    interval: 'month',
    status: 'active',
    currentPeriodStart: new Date('2026-05-01T12:00:00Z'),
    currentPeriodEnd: new Date('2026-06-01T12:00:00Z'),
    cancelAtPeriodEnd: false,
    gracePeriodEnd: null,
    trialEnd: null,
    collectionPaused: false,
    confirmationAsked: false,
    endedReason: null,
    previousSubscriptionIds: [],
    price: monthly,
    nextPayment: { amount: 1800, currency: 'usd', credits: 2000, at: new Date('2026-06-01T12:00:00Z'), isExact: true },
    version: 'v1',
    ...changes,
  }
}

const standing = (changes: Partial<Subscription> = {}, more: Partial<typeof context> = {}) =>
  planStatusOf(subscription(changes), { ...context, ...more })

describe('standingOf', () => {
  test('a user without a subscription is on Free, and nothing else is shown', () => {
    expect(planStatusOf(null, context)).toEqual({
      plan: 'Free',
      isLive: false,
      badge: null,
      price: null,
      isListPrice: true,
      creditsEach: null,
      amount: null,
      interval: null,
      billingInterval: null,
      unused: [],
      next: null,
      notices: [],
    })
  })

  test('a user whose subscription has ended is on Free', () => {
    const ended = standing({ status: 'canceled' })

    expect(ended).toMatchObject({ plan: 'Free', isLive: false, badge: { tone: 'neutral', text: 'Ended' } })
  })

  test('an active plan shows its renewal date and the credits it adds', () => {
    expect(standing()).toMatchObject({
      plan: 'Daily',
      isLive: true,
      badge: { tone: 'green', text: 'Active' },
      price: '$18.00 a month',
      next: { term: 'Renews on', value: '1 Jun', note: '2,000 credits will be added.', credits: 2000 },
      notices: [],
    })
  })

  test('a yearly renewal adds a year of credits, and its date has a year', () => {
    const at = new Date('2027-05-01T12:00:00Z')
    const yearly = standing({
      interval: 'year',
      currentPeriodEnd: at,
      price: { ...monthly, amount: 18_000, credits: 24_000, interval: 'year' },
      nextPayment: { amount: 18_000, currency: 'usd', credits: 24_000, at, isExact: true },
    })

    expect(yearly.price).toBe('$180.00 a year')
    expect(yearly.next).toMatchObject({ value: '1 May 2027', note: '24,000 credits will be added.' })
  })

  test('an unusual payment shows its own amount, and tax on top is named', () => {
    const at = new Date('2026-06-01T12:00:00Z')
    const half = standing({ nextPayment: { amount: 900, currency: 'usd', credits: 2000, at, isExact: true } })
    const taxed = standing({ price: { ...monthly, isExact: false } })

    expect(half.next?.note).toBe('You pay $9.00 that day. 2,000 credits will be added.')
    expect(half.amount).toBe('$9.00')
    expect(taxed.price).toBe('$18.00 a month plus any tax')
  })

  test('an unknown amount is left out and never taken from the plan file', () => {
    const unknown = standing({ price: null, nextPayment: null })

    expect(unknown).toMatchObject({ price: 'Paid monthly', amount: null, next: { note: null, credits: null } })
    expect(JSON.stringify(unknown)).not.toMatch(/18|2,000/)
  })

  test('a canceled plan shows its end date and an offer to keep it', () => {
    const ending = standing({ cancelAtPeriodEnd: true })

    expect(ending.badge).toEqual({ tone: 'ochre', text: 'Ends 1 Jun' })
    expect(ending.notices).toEqual([
      {
        tone: 'ochre',
        text: 'Daily ends on 1 Jun. You keep your credits; no new ones will be added.',
        action: 'resume',
      },
    ])
  })

  test('a trial shows its end and the payment after it', () => {
    const trial = standing({ status: 'trialing', trialEnd: new Date('2026-06-14T07:00:00Z') })

    expect(trial.badge).toEqual({ tone: 'green', text: 'Trial until 14 Jun' })
    expect(trial.notices[0]?.text).toBe('Your trial ends on 14 Jun, 09:00 CEST. Then Daily costs $18.00 a month.')
  })

  test('a failed payment in its grace period shows both dates, the time and the zone', () => {
    const due = standing({ status: 'past_due', gracePeriodEnd: new Date('2026-05-06T12:00:00Z') })

    expect(due.badge).toEqual({ tone: 'ochre', text: 'Payment due' })
    expect(due.notices).toEqual([
      {
        tone: 'ochre',
        text: 'Your payment of 3 May did not go through. Update your card by 6 May, 14:00 CEST to keep spending.',
        action: 'update-card',
      },
    ])
  })

  test('a payment that needs authentication links to the bank, before and after the grace period', () => {
    const asked = { status: 'past_due', confirmationAsked: true }
    const due = standing({ ...asked, gracePeriodEnd: new Date('2026-05-06T12:00:00Z') })
    const over = standing({ ...asked, gracePeriodEnd: new Date('2026-05-04T11:59:59Z') }, { frozen: 'past_due' })

    expect(due.notices).toMatchObject([{ action: 'confirm', text: expect.stringContaining('6 May, 14:00') as string }])
    expect(over.notices).toMatchObject([{ tone: 'red', action: 'confirm' }])
  })

  test('after the grace period spending is shown as paused and the credits as safe', () => {
    const over = standing({ status: 'past_due', gracePeriodEnd: new Date('2026-05-04T11:59:59Z') })

    expect(over.badge).toEqual({ tone: 'red', text: 'Paused' })
    expect(over.notices[0]?.text).toBe(
      'Spending is paused because the payment of 1 May failed. Your 1,840 credits are safe.',
    )
  })

  test('an amount due is named, also when the date of the failure is unknown', () => {
    const owed = { amount: 1000, currency: 'usd', stripeInvoiceId: 'in_1', at: new Date('2026-05-01'), url: null }

    expect(standing({ status: 'unpaid', owed }).notices[0]?.text).toBe(
      'Spending is paused because the payment of $10.00 failed. Your 1,840 credits are safe.',
    )
  })

  test('one failed payment is shown once, not by account and subscription', () => {
    const over = standing({ status: 'unpaid' }, { frozen: 'past_due' })

    expect(over.notices).toHaveLength(1)
  })

  test('a dispute is shown before less severe notices', () => {
    const disputed = standing({ cancelAtPeriodEnd: true }, { frozen: 'dispute' })

    expect(disputed.notices.map(({ tone }) => tone)).toEqual(['red', 'ochre'])
    expect(disputed.notices[0]?.text).toContain('disputed at the bank')
  })

  test('a plan with an unfinished first payment is not shown as live', () => {
    const incomplete = standing({ status: 'incomplete' })

    expect(incomplete.isLive).toBe(false)
    expect(incomplete.badge).toEqual({ tone: 'ochre', text: 'Not finished' })
  })
})
