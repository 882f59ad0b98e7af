import type Stripe from 'stripe'
import { afterEach, describe, expect, it } from 'vitest'
import { startSession } from '#app/auth/session.server.ts'
import { auditGrants } from '#app/billing/purchases/audit-grants.server.ts'
import { setNow } from '#app/clock.server.ts'
import { auditCredits } from '#app/credits/audit.server.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import { loader as billingPage } from '#app/routes/_app.billing._index/route.tsx'
import type { User } from '#models/user.server.ts'
import { cookieOf, visit } from '#test/auth/users.ts'
import { holderAgrees } from '#test/billing/bank.ts'
import { advance, follow } from '#test/billing/clock.ts'
import { openInvoicesOf, overdueSubscriber, subscriber, subscriptionIdOf } from '#test/billing/customers.ts'
import { planPrice } from '#test/billing/plan.ts'
import { aUser, creditsOf, Deliveries, historyOf, readUser } from '#test/billing/scenario.ts'
import { useStripe } from '#test/billing/stripe.ts'
import { useDatabase } from '#test/setup/database.ts'
import { postGood } from '../event-versions.ts'

const context = useStripe()
useDatabase()
const line = new Deliveries(context)
afterEach(() => setNow(null))

/** The links of the banners on the billing page. */
async function bannersOf({ _id }: User): Promise<(string | null)[]> {
  const cookie = cookieOf(await startSession(visit('/login'), { _id, sessionEpoch: 0 }))
  const page = await billingPage({ request: visit('/billing', cookie), params: {}, context: {} })
  return (page as { notices: { action: string | null }[] }).notices.map(({ action }) => action)
}

async function deliverAll(): Promise<void> {
  await postGood(line.take())
}

/** A user whose renewal failed, and the open invoice. */
async function overdue(): Promise<{ user: User; invoice: string }> {
  const user = await overdueSubscriber(line)
  const [invoice] = await openInvoicesOf(context, user)
  expect(await bannersOf(user)).toContain('update-card')
  return { user, invoice: invoice!.id }
}

/** A user whose plan at Stripe waits for a first payment that this card does not make. */
async function unfinished(token: string): Promise<{ user: User; customer: string; subscription: Stripe.Subscription }> {
  follow(context)
  const user = await aUser()
  await line.buy({ user, pack: '500' })
  await deliverAll()
  const customer = (await readUser(user._id)).stripeCustomerId!
  const { id: card } = await context.stripe.paymentMethods.attach(token, { customer })
  const subscription = await context.stripe.subscriptions.create({
    customer,
    items: [{ price: await planPrice('Beginner') }],
    default_payment_method: card,
    metadata: { app: 'scrip', userId: user._id.toHexString() },
  })
  expect(subscription.status).toBe('incomplete')
  return { user, customer, subscription }
}

describe('an unpaid invoice', () => {
  it('an unpaid invoice that is voided grants nothing, and the page says what Stripe says of the plan (1.11)', async () => {
    const { user, invoice } = await overdue()
    await context.stripe.invoices.voidInvoice(invoice)
    await deliverAll()
    const { status } = await context.stripe.subscriptions.retrieve(subscriptionIdOf(user))
    expect((await readUser(user._id)).subscription?.status).toBe(status)
    expect((await bannersOf(user)).includes('update-card')).toBe(status === 'past_due')
    expect(await creditsOf(user)).toBe(1000)
    expect(await historyOf(user)).toHaveLength(1)
  })

  it('an uncollectible invoice grants nothing, and its month once if it is paid later (1.11)', async () => {
    const { user, invoice } = await overdue()
    await context.stripe.invoices.markUncollectible(invoice)
    await deliverAll()
    expect(await creditsOf(user)).toBe(1000)
    await context.stripe.invoices.pay(invoice, { payment_method: 'pm_card_visa' })
    await line.deliver({ order: (events) => [...events, ...events.toReversed()] })
    expect(await creditsOf(user)).toBe(2000)
    expect(await historyOf(user)).toHaveLength(2)
  })

  it('an invoice that stays open when the plan ends has no banner, and counts without reviving the plan if it is paid later (1.11)', async () => {
    const { user, invoice } = await overdue()
    await context.stripe.subscriptions.cancel(subscriptionIdOf(user))
    await deliverAll()
    expect((await context.stripe.invoices.retrieve(invoice)).status).toBe('open')
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Free', stripeSubscriptionId: null })
    expect(await bannersOf(user)).toEqual([])
    expect(await getBalance(user._id)).toMatchObject({ credits: 1000, frozen: null })

    await context.stripe.invoices.pay(invoice, { payment_method: 'pm_card_visa' })
    await deliverAll()
    expect(await creditsOf(user)).toBe(2000)
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Free', stripeSubscriptionId: null })
    expect((await historyOf(user)).map(({ status }) => status)).toEqual(['cancelled', 'cancelled'])
  })

  it('an invoice that cannot be finalized changes nothing (1.11)', async () => {
    const user = await subscriber(line)
    const draft = await context.stripe.invoices.create({ customer: user.stripeCustomerId! })
    const object = { ...(await context.stripe.invoices.retrieve(draft.id)), status: 'draft' }
    const event = { id: 'evt_finalization', type: 'invoice.finalization_failed', livemode: false, data: { object } }
    line.take()
    await postGood([event])
    expect(await creditsOf(user)).toBe(1000)
  })
})

describe('an invoice without a plan', () => {
  it('an invoice with one custom item has a row and grants no credits (1.11)', async () => {
    const user = await subscriber(line)
    const customer = user.stripeCustomerId!
    await context.stripe.invoiceItems.create({ customer, amount: 700, currency: 'usd', description: 'Set-up' })
    const { id } = await context.stripe.invoices.create({ customer, pending_invoice_items_behavior: 'include' })
    await context.stripe.invoices.pay(id, { payment_method: 'pm_card_visa' })
    await deliverAll()
    expect(await creditsOf(user)).toBe(1000)
    const rows = await historyOf(user)
    expect(rows.map(({ amount, creditsAdded, planName }) => [amount, creditsAdded, planName])).toEqual([
      [1000, 1000, 'Beginner'],
      [700, 0, 'Set-up'],
    ])
    // It does not become the current row.
    expect(rows.map(({ isCurrentSubscription }) => isCurrentSubscription)).toEqual([true, false])
  })

  it('an invoice without a line is answered with 200 and grants no credits (1.11)', async () => {
    const user = await subscriber(line)
    const { id } = await context.stripe.invoices.create({ customer: user.stripeCustomerId! })
    await context.stripe.invoices.finalizeInvoice(id)
    expect((await context.stripe.invoices.retrieve(id)).status).toBe('paid')
    await deliverAll()
    expect(await creditsOf(user)).toBe(1000)
    expect((await historyOf(user)).filter(({ stripeInvoiceId }) => stripeInvoiceId === id)).toMatchObject([
      { amount: 0, creditsAdded: 0 },
    ])
  })

  it('an invoice with another line beside the plan’s grants credits for the plan’s line only (1.11)', async () => {
    follow(context)
    const user = await subscriber(line)
    const customer = user.stripeCustomerId!
    await context.stripe.invoiceItems.create({
      customer,
      amount: 5000,
      currency: 'usd',
      description: 'A book',
      subscription: subscriptionIdOf(user),
    })
    advance(context, 32)
    await deliverAll()
    const renewal = (await historyOf(user)).at(-1)
    expect(renewal).toMatchObject({ amount: 6000, creditsAdded: 1000, planName: 'Beginner' })
    expect(await creditsOf(user)).toBe(2000)
  })
})

describe('a deleted customer', () => {
  it('pending events of a deleted customer are answered with 200, and what was paid counts (1.11)', async () => {
    follow(context)
    const user = await aUser()
    await line.buy({ user, plan: 'Beginner', interval: 'month' })
    await context.stripe.customers.del((await readUser(user._id)).stripeCustomerId!)
    await deliverAll()
    expect(await creditsOf(user)).toBe(1000)
    expect((await readUser(user._id)).subscription?.plan ?? 'Free').toBe('Free')
  })

  it('events after the customer’s deletion are answered with 200, and what was paid counts (1.11)', async () => {
    follow(context)
    const user = await aUser()
    await line.buy({ user, plan: 'Beginner', interval: 'month' })
    await context.stripe.customers.del((await readUser(user._id)).stripeCustomerId!)
    const events = line.take().reverse()
    await postGood(events)
    expect(await creditsOf(user)).toBe(1000)
    expect((await readUser(user._id)).subscription?.plan ?? 'Free').toBe('Free')
  })
})

describe('a failed first payment', () => {
  it('a failed first payment leaves nothing behind when it expires, and the next purchase is the plan (1.7)', async () => {
    const { user, customer, subscription: failed } = await unfinished('pm_card_chargeCustomerFail')
    await deliverAll()
    expect((await readUser(user._id)).subscription?.plan ?? 'Free').toBe('Free')
    advance(context, 1)
    expect((await context.stripe.subscriptions.retrieve(failed.id)).status).toBe('incomplete_expired')
    const late = line.take()
    expect(late.length).toBeGreaterThan(0)

    await line.buy({ user, plan: 'Daily', interval: 'month' })
    await deliverAll()
    // The event of the first plan's end arrives last, and must not end the second plan.
    await postGood(late)
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Daily', status: 'active' })
    const { data } = await context.stripe.subscriptions.list({ customer })
    expect(data.filter(({ status }) => status === 'active')).toHaveLength(1)
    expect(await creditsOf(user)).toBe(500 + 2000)
  })
})

describe('a card that requires authentication', () => {
  it('a card that requires authentication grants nothing at first, then one plan and one grant (1.8)', async () => {
    const { user, subscription } = await unfinished('pm_card_authenticationRequired')
    await line.deliver({ order: (events) => [...events, ...events] })
    expect((await context.stripe.subscriptions.retrieve(subscription.id)).status).toBe('incomplete')
    expect(await creditsOf(user)).toBe(500)
    expect((await readUser(user._id)).subscription?.plan ?? 'Free').toBe('Free')

    holderAgrees(context, subscription.latest_invoice as string)
    await line.deliver({ order: (events) => [...events.toReversed(), ...events] })
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Beginner', status: 'active' })
    expect(await creditsOf(user)).toBe(1500)
    expect(await historyOf(user)).toHaveLength(1)
  })
})

describe('the books', () => {
  it('the books balance after all these invoices', async () => {
    expect((await auditGrants()).violations).toEqual([])
    expect((await auditCredits()).violations).toEqual([])
  })
})
