import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { cookieOf, visit } from '#test/auth/users.ts'
import { startSession } from '#app/auth/session.server.ts'
import { auditGrants } from '#app/billing/purchases/audit-grants.server.ts'
import { changePlan } from '#app/billing/plan-changes/change-plan.server.ts'
import { createCheckout } from '#app/billing/checkout/create-checkout.server.ts'
import { checkoutStatus } from '#app/billing/checkout/checkout-status.server.ts'
import { AlreadySubscribed } from '#app/billing/errors.ts'
import { createPortalSession } from '#app/billing/customers/billing-portal.server.ts'
import { pauseOverdue } from '#app/billing/subscriptions/grace-period.server.ts'
import { auditCredits } from '#app/credits/audit.server.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import { listEntries } from '#app/credits/ledger.server.ts'
import { loader as billingPage } from '#app/routes/_app.billing._index/route.tsx'
import { wordsOf } from '#app/usage/entry-words.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { advance, useSandboxClock } from '../clock.ts'
import { overdueSubscriber, payWith, spend, subscriber, subscriptionIdOf } from '../customers.ts'
import { usePlan } from '../plan.ts'
import { aUser, creditsOf, Deliveries, historyOf, post, readUser, sessionIdOf } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

/*
 * Complaints of users of such systems, each as a test; those tested elsewhere are in
 * docs/failures/money.md with their tests.
 */

const context = useStripe()
useDatabase()
const deliveries = new Deliveries(context)
const beginner = usePlan('Beginner')
useSandboxClock(context)

describe('“I got my credits twice”', () => {
  it('an invoice reported again under another event id grants nothing more (complaint 1)', async () => {
    const user = await subscriber(deliveries)
    const event = context.sandbox.events('invoice.paid').at(-1)!
    for (const id of ['evt_again', 'evt_and_again']) await post(JSON.stringify({ ...event, id }))
    expect(await creditsOf(user)).toBe(1000)
    expect(await historyOf(user)).toHaveLength(1)
  })

  it('a change of the subscription that is no renewal grants nothing (complaint 25)', async () => {
    const user = await subscriber(deliveries)
    await spend(user, 400)
    await context.stripe.subscriptions.update(subscriptionIdOf(user), { metadata: { note: 'hello' } })
    await payWith(context, user, 'pm_card_mastercard')
    await deliveries.deliver()
    expect(await creditsOf(user)).toBe(600)
  })

  it('downgrading and upgrading again does not refill the credits (complaint 24)', async () => {
    const user = await subscriber(deliveries, { plan: 'Creator' })
    await spend(user, 4000)
    for (let round = 0; round < 3; round++) {
      await changePlan(user, { plan: 'Beginner', interval: 'month' })
      await changePlan(user, { plan: 'Creator', interval: 'month' })
      await deliveries.deliver()
    }
    expect(await creditsOf(user)).toBe(1000)
    expect(await historyOf(user)).toHaveLength(1)
  })

  it('upgrading, spending the credits and reclaiming the money leaves a debt, which the next purchase pays first (complaint 27)', async () => {
    const user = await subscriber(deliveries)
    await changePlan(user, { plan: 'Creator', interval: 'month' })
    await deliveries.deliver()
    const before = await creditsOf(user)
    await spend(user, before)
    const { data } = await context.stripe.charges.list({ customer: user.stripeCustomerId! })
    for (const { id } of data) await context.stripe.refunds.create({ charge: id })
    await deliveries.deliver()
    expect(await getBalance(user._id)).toMatchObject({ credits: -before, debt: before })
    await expect(spend(user, 1)).rejects.toThrow()
    // The next purchase pays the debt first.
    await deliveries.buy({ user, pack: '500' })
    await deliveries.deliver()
    expect(await creditsOf(user)).toBe(500 - before)
  })
})

describe('“my credits are gone”', () => {
  it('a renewal adds to the balance instead of replacing it (complaint 26)', async () => {
    const user = await subscriber(deliveries)
    await deliveries.buy({ user, pack: '10000' })
    await deliveries.deliver()
    advance(context, 32)
    await deliveries.deliver()
    expect(await creditsOf(user)).toBe(12_000)
  })

  it('subscribing keeps the credits that were bought before (complaint 29)', async () => {
    const user = await aUser()
    await deliveries.buy({ user, pack: '2000' })
    await deliveries.deliver()
    await deliveries.buy({ user, plan: 'Beginner', interval: 'month' })
    await deliveries.deliver()
    expect(await creditsOf(user)).toBe(3000)
  })

  it('the end of a plan keeps the credits of packs (complaint 29)', async () => {
    const user = await subscriber(deliveries)
    await deliveries.buy({ user, pack: '500' })
    await context.stripe.subscriptions.cancel(subscriptionIdOf(user))
    await deliveries.deliver()
    expect((await readUser(user._id)).subscription?.plan).toBe('Free')
    expect(await creditsOf(user)).toBe(1500)
  })

  it('credits that expire at a renewal are announced before and are in the ledger (complaint 40)', async () => {
    beginner.unusedCredits = 'expire'
    const user = await subscriber(deliveries)
    const { nextExpiry } = await getBalance(user._id)
    expect(nextExpiry).toMatchObject({ credits: 1000 })
    advance(context, 36)
    await deliveries.deliver()
    await spend(user, 1)
    const { entries } = await listEntries(user._id)
    const expired = entries.filter(({ kind }) => kind === 'expire')
    expect(expired).toMatchObject([{ amount: -1000 }])
    expect(await creditsOf(user)).toBe(999)
  })

  it('credits above a cap at a renewal are in the ledger with the reason (complaint 40)', async () => {
    beginner.unusedCredits = { cap: 300 }
    const user = await subscriber(deliveries)
    advance(context, 32)
    await deliveries.deliver()
    const { entries } = await listEntries(user._id)
    const taken = entries.find(({ amount }) => amount < 0)
    expect(taken).toMatchObject({ kind: 'cap', amount: -700 })
    expect(wordsOf(taken!, 'UTC').title).toBe('Unused Beginner credits above the rollover limit of 300')
  })

  it('a yearly payment grants a whole year’s credits (complaint 28)', async () => {
    expect(await creditsOf(await subscriber(deliveries, { interval: 'year' }))).toBe(12_000)
    beginner.yearlyCredits = 'monthly'
    const user = await subscriber(deliveries, { interval: 'year' })
    for (const month of [1, 2, 3]) {
      expect(await creditsOf(user)).toBe(month * 1000)
      advance(context, 31)
    }
  })
})

describe('“I owe a payment and cannot pay it”', () => {
  it('a past due subscriber reaches the billing page and the card, and buys no second plan (complaint 55)', async () => {
    const user = await overdueSubscriber(deliveries)
    advance(context, 4)
    await pauseOverdue()
    expect(await getBalance(user._id)).toMatchObject({ frozen: 'past_due', credits: 1000 })

    const cookie = cookieOf(await startSession(visit('/login'), { _id: user._id, sessionEpoch: 0 }))
    const page = await billingPage({ request: visit('/billing', cookie), params: {}, context: {} })
    expect(page).toMatchObject({ details: { method: { state: 'known' } } })
    expect((page as { notices: { action: string }[] }).notices.map(({ action }) => action)).toContain('update-card')
    expect((await createPortalSession(user, { updateCard: true })).url).toMatch(/^http/)
    // A second subscription is refused.
    const again = createCheckout({ user, plan: 'Daily', interval: 'month' }, { nonce: randomUUID() })
    await expect(again).rejects.toThrow(AlreadySubscribed)
  })

  it('paying the amount due ends the pause once and grants the month once (complaint 33)', async () => {
    const user = await overdueSubscriber(deliveries)
    advance(context, 4)
    await pauseOverdue()
    const { data } = await context.stripe.invoices.list({ customer: user.stripeCustomerId!, status: 'open' })
    await context.stripe.invoices.pay(data[0]!.id, { payment_method: 'pm_card_visa' })
    await deliveries.deliver({ order: (events) => [...events, ...events] })
    expect(await getBalance(user._id)).toMatchObject({ frozen: null, credits: 2000 })
  })
})

describe('“I paid and still see the old plan”', () => {
  it('the page after the checkout waits for the webhook before it names the plan (complaint 43)', async () => {
    const user = await aUser()
    const session = await deliveries.buy({ user, plan: 'Daily', interval: 'month' })
    expect(await checkoutStatus(user, session)).toMatchObject({ state: 'waiting' })
    await deliveries.deliver()
    const after = await readUser(user._id)
    expect(await checkoutStatus(after, session)).toMatchObject({ state: 'arrived' })
    expect(await creditsOf(user)).toBe(2000)
    expect(after.subscription).toMatchObject({ plan: 'Daily' })
  })

  it('a “created” event that arrives after “updated” leaves the plan active (complaint 11)', async () => {
    const user = await aUser()
    await deliveries.buy({ user, plan: 'Daily', interval: 'month' })
    await deliveries.deliver({ order: (events) => events.reverse() })
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Daily', status: 'active' })
    expect(await creditsOf(user)).toBe(2000)
  })

  it('a late “active” event does not bring a canceled plan back (complaint 12)', async () => {
    const user = await subscriber(deliveries)
    const late = context.sandbox.events('customer.subscription.created').at(-1)!
    await context.stripe.subscriptions.cancel(subscriptionIdOf(user))
    await deliveries.deliver()
    await post(JSON.stringify({ ...late, id: 'evt_late', type: 'customer.subscription.updated' }))
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Free', stripeSubscriptionId: null })
  })
})

describe('“it costs nothing, and it breaks”', () => {
  it('a $0 invoice under a 100% coupon grants the plan’s credits and has a row of $0 (complaint 59)', async () => {
    const user = await aUser()
    const coupon = await context.stripe.coupons.create({ percent_off: 100, duration: 'once' })
    const promotion = await context.stripe.promotionCodes.create({ promotion: { type: 'coupon', coupon: coupon.id } })
    expect(promotion.active).toBe(true)
    const first = await deliveries.buy({ user, pack: '500' })
    expect(first).toMatch(/^cs_/)
    const { stripeCustomerId } = await readUser(user._id)
    await deliveries.deliver()
    const paid = await subscriberWithCoupon(stripeCustomerId!, coupon.id)
    await deliveries.deliver()
    expect(paid.status).toBe('active')
    expect(await historyOf(user)).toMatchObject([{ amount: 0, creditsAdded: 1000, planName: 'Beginner' }])
    expect(await creditsOf(user)).toBe(1500)
  })

  it('a $0 invoice of a trial grants the trial’s credits, not the plan’s (complaint 59)', async () => {
    beginner.trial = { days: 7, credits: 50 }
    const user = await subscriber(deliveries)
    expect(await historyOf(user)).toMatchObject([{ amount: 0, creditsAdded: 50 }])
    expect(await creditsOf(user)).toBe(50)
  })

  it('a trial is given once, also after it was canceled (complaint 54)', async () => {
    beginner.trial = { days: 7, credits: 50 }
    const user = await subscriber(deliveries)
    await context.stripe.subscriptions.cancel(subscriptionIdOf(user))
    await deliveries.deliver()
    const { url } = await createCheckout({ user, plan: 'Beginner', interval: 'month' }, { nonce: randomUUID() })
    context.sandbox.completeCheckout(sessionIdOf(url))
    const { data } = await context.stripe.subscriptions.list({ customer: user.stripeCustomerId! })
    expect(data).toMatchObject([{ status: 'active', trial_end: null }])
    await deliveries.deliver()
    expect(await creditsOf(user)).toBe(1050)
  })

  async function subscriberWithCoupon(customer: string, coupon: string) {
    const { data } = await context.stripe.prices.list({ lookup_keys: ['scrip_beginner_month'] })
    const items = [{ price: data[0]!.id }]
    return context.stripe.subscriptions.create({ customer, items, discounts: [{ coupon }] })
  }
})

describe('the books', () => {
  it('the books balance after all these plans', async () => {
    expect((await auditGrants()).violations).toEqual([])
    expect((await auditCredits()).violations).toEqual([])
  })
})
