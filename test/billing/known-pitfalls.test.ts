import { randomUUID } from 'node:crypto'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { auditGrants } from '#app/billing/purchases/audit-grants.server.ts'
import { createCheckout } from '#app/billing/checkout/create-checkout.server.ts'
import { reconcile } from '#app/billing/reconcile/reconcile.server.ts'
import { pauseOverdue } from '#app/billing/subscriptions/grace-period.server.ts'
import { eventTable } from '#app/billing/webhooks/event-table.ts'
import { setNow } from '#app/clock.server.ts'
import { auditCredits } from '#app/credits/audit.server.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import { models } from '#app/database.server.ts'
import { BillingHistoryModel } from '#models/billing-history.server.ts'
import { UserModel } from '#models/user.server.ts'
import { WebhookEventModel } from '#models/webhook-event.server.ts'
import { dispute } from '#test/billing/bank.ts'
import { advance, follow } from '#test/billing/clock.ts'
import { chargesOf, payWith, spend, subscriber, subscriptionIdOf } from '#test/billing/customers.ts'
import { planPrice, usePlan } from '#test/billing/plan.ts'
import { aUser, creditsOf, Deliveries, historyOf, post, readUser, sessionIdOf } from '#test/billing/scenario.ts'
import { useStripe } from '#test/billing/stripe.ts'
import { useDatabase } from '#test/setup/database.ts'
import { postGood } from './event-versions.ts'

const context = useStripe()
useDatabase()
const line = new Deliveries(context)
const beginner = usePlan('Beginner')
afterEach(() => {
  vi.restoreAllMocks()
  context.sandbox.faults.reset()
  setNow(null)
})

describe('sharded collections', () => {
  it('every unique index of accounts and entries begins with their owner (H29)', () => {
    const unique = (name: string) =>
      models
        .find(({ collection }) => collection.collectionName === name)!
        .schema.indexes()
        .filter(([, options]) => options?.unique)
        .map(([key]) => Object.keys(key)[0])
    expect(unique('credit_accounts')).toEqual([])
    expect(unique('credit_entries')).toEqual(['accountId'])
    // These collections are not sharded, because their unique fields are Stripe ids.
    expect(unique('billing_history')).toContain('stripeInvoiceId')
    expect(unique('payments')).toContain('stripePaymentIntentId')
  })
})

describe('the form’s nonce', () => {
  it('a form that is sent again for another pack opens a second page, and each page sells its own pack (H30)', async () => {
    const user = await aUser()
    const nonce = randomUUID()
    const pages = await Promise.all(['500', '2000'].map((pack) => createCheckout({ user, pack }, { nonce })))
    const sessions = await Promise.all(
      pages.map(({ url }) => context.stripe.checkout.sessions.retrieve(sessionIdOf(url))),
    )
    expect(sessions.map(({ status, amount_total }) => [status, amount_total])).toEqual([
      ['open', 600],
      ['open', 2200],
    ])
  })
})

describe('a customer whose id was not stored', () => {
  it('a customer made by a process that died before storing it is found and used, not made again (H31)', async () => {
    const user = await aUser()
    await createCheckout({ user, pack: '500' }, { nonce: randomUUID() })
    const { stripeCustomerId } = await readUser(user._id)
    await UserModel.updateOne({ _id: user._id }, { $unset: { stripeCustomerId: 1 } })
    await createCheckout({ user, pack: '500' }, { nonce: randomUUID() })
    expect((await readUser(user._id)).stripeCustomerId).toBe(stripeCustomerId)
  })
})

describe('an event tagged as ours', () => {
  it('an event tagged as ours is refused until its user exists, and takes effect when it is sent again (H34)', async () => {
    follow(context)
    const user = await aUser()
    await line.buy({ user, plan: 'Beginner', interval: 'month' })
    const [paid] = line.take().filter(({ type }) => type === 'invoice.paid')
    const stored = await UserModel.findById(user._id).lean()
    await UserModel.deleteOne({ _id: user._id })
    expect((await post(JSON.stringify(paid))).status).toBe(500)
    await UserModel.collection.insertOne(stored as never)
    await postGood([paid!])
    expect(await creditsOf(user)).toBe(1000)
  })
})

describe('between the end of a period and the paid renewal', () => {
  it('credits that expire stay until the renewal is paid, an hour later or at the end of the grace period (H35)', async () => {
    beginner.unusedCredits = 'expire'
    const user = await subscriber(line)
    const end = user.subscription!.currentPeriodEnd!.getTime()
    context.sandbox.advanceTo(end / 1000 + 600)
    follow(context)
    await line.deliver()
    // The invoice is a draft for an hour, during which the old credits stay.
    expect(await historyOf(user)).toHaveLength(1)
    expect(await creditsOf(user)).toBe(1000)
    await spend(user, 10)
    context.sandbox.advanceTo(end / 1000 + 5000)
    follow(context)
    await line.deliver()
    expect(await creditsOf(user)).toBe(1990)
  })

  it('credits that expire stay for the whole grace period when the renewal fails (H35)', async () => {
    beginner.unusedCredits = 'expire'
    const user = await subscriber(line)
    await payWith(context, user, 'pm_card_chargeCustomerFail')
    const end = user.subscription!.currentPeriodEnd!.getTime()
    context.sandbox.advanceTo(end / 1000 + 2 * 86_400)
    follow(context)
    await line.deliver()
    expect((await readUser(user._id)).subscription?.status).toBe('past_due')
    expect(await creditsOf(user)).toBe(1000)
    await spend(user, 1)
  })
})

describe('sums of zero', () => {
  it('a plan’s price of $0 grants the plan’s credits, as a 100% coupon does (H36)', async () => {
    const user = await subscriber(line)
    const { stripe } = context
    const old = await stripe.prices.retrieve(await planPrice('Beginner'))
    const free = await stripe.prices.create({
      product: old.product as string,
      unit_amount: 0,
      currency: 'usd',
      recurring: { interval: 'month' },
      metadata: old.metadata,
    })
    const id = subscriptionIdOf(user)
    const { items } = await stripe.subscriptions.retrieve(id)
    await stripe.subscriptions.update(id, {
      items: [{ id: items.data[0]!.id, price: free.id }],
      proration_behavior: 'none',
    })
    advance(context, 32)
    const events = line.take()
    const renewal = events.filter(
      ({ type, data }) => type === 'invoice.paid' && data.object.customer === user.stripeCustomerId,
    )
    expect((await post(JSON.stringify(renewal[0]))).status).toBe(200)
    expect(await creditsOf(user)).toBe(2000)
  })

  it('the refund of an invoice that a balance paid in part takes back no more than the invoice granted (H36)', async () => {
    const user = await subscriber(line)
    await context.stripe.customers.createBalanceTransaction(user.stripeCustomerId!, { amount: -400, currency: 'usd' })
    advance(context, 32)
    await line.deliver()
    const [charge] = await chargesOf(context, user)
    expect(charge!.amount).toBe(600)
    expect(await creditsOf(user)).toBe(2000)
    await context.stripe.refunds.create({ charge: charge!.id })
    await line.deliver()
    // Six tenths of the payment were refunded, so six tenths of the month's credits are taken back.
    expect(await creditsOf(user)).toBe(1400)
  })

  it('an invoice paid in full from a balance has no charge, and grants its credits (H36)', async () => {
    const user = await subscriber(line)
    await context.stripe.customers.createBalanceTransaction(user.stripeCustomerId!, { amount: -5000, currency: 'usd' })
    advance(context, 32)
    await line.deliver()
    expect((await historyOf(user)).map(({ amount, creditsAdded }) => [amount, creditsAdded])).toEqual([
      [1000, 1000],
      [0, 1000],
    ])
  })
})

describe('events that are easily forgotten', () => {
  it.each([
    'invoice.voided',
    'invoice.marked_uncollectible',
    'invoice.finalization_failed',
    'refund.failed',
    'charge.dispute.funds_withdrawn',
    'charge.dispute.funds_reinstated',
    'customer.subscription.pending_update_expired',
  ])('the event %s is acted on (H37)', (type) => {
    expect(Object.hasOwn(eventTable, type)).toBe(true)
  })

  it('the money of a dispute moves by its funds events alone (H37)', async () => {
    const user = await subscriber(line)
    const [charge] = await chargesOf(context, user)
    dispute(context, charge!.id)
    await postGood(line.take().filter(({ type }) => type === 'charge.dispute.funds_withdrawn'))
    expect(await getBalance(user._id)).toMatchObject({ credits: 0, frozen: 'dispute' })
  })
})

describe('two subscriptions seen by two handlers at once', () => {
  it('two handlers that see two subscriptions at once keep the same one, end the other once, and refund its unused time once (H39)', async () => {
    const user = await subscriber(line)
    const old = subscriptionIdOf(user)
    const { default_payment_method: card } = await context.stripe.subscriptions.retrieve(old)
    context.sandbox.advance(10)
    const created = await context.stripe.subscriptions.create({
      customer: user.stripeCustomerId!,
      items: [{ price: await planPrice('Daily') }],
      default_payment_method: card as string,
    })
    const events = line.take()
    const answers = await Promise.all([...events, ...events].map((event) => post(JSON.stringify(event))))
    expect(answers.every(({ status }) => status === 200 || status === 500)).toBe(true)
    await postGood(events)
    await postGood(line.take())
    const { data } = await context.stripe.subscriptions.list({ customer: user.stripeCustomerId! })
    expect(data.map(({ id }) => id)).toEqual([created.id])
    const customer = await context.stripe.customers.retrieve(user.stripeCustomerId!)
    // The unused time of the old plan, credited once; the seconds since cost a cent at most.
    expect(customer.deleted ? null : customer.balance).toBeGreaterThanOrEqual(-1000)
    expect(customer.deleted ? null : customer.balance).toBeLessThan(-990)
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Daily' })
    expect(await creditsOf(user)).toBeLessThanOrEqual(2010)
  })
})

describe('where reconcile starts', () => {
  it('reconcile starts an hour before its last start, and compares amounts, not only presence (H40)', async () => {
    await reconcile()
    const user = await subscriber(line)
    const at = new Date(Date.now() - 30 * 60 * 1000)
    const again = await reconcile()
    expect(again!.since.getTime()).toBeLessThanOrEqual(at.getTime())
    await BillingHistoryModel.updateOne({ userId: user._id }, { $set: { amount: 1 } })
    const [row] = await historyOf(user)
    const found = await reconcile()
    expect(JSON.stringify(found)).toContain(row!.stripeInvoiceId)
    await BillingHistoryModel.updateOne({ userId: user._id }, { $set: { amount: 1000 } })
  })
})

describe('a copy of an event that fails late', () => {
  it('a copy of an event that fails late leaves the event marked as processed (H42)', async () => {
    follow(context)
    const user = await aUser()
    await line.buy({ user, plan: 'Beginner', interval: 'month' })
    const [paid] = line.take().filter(({ type }) => type === 'invoice.paid')
    // The slow copy fails after the fast one has finished, when it marks the event.
    const updateOne = WebhookEventModel.updateOne.bind(WebhookEventModel)
    let isSlow = true
    vi.spyOn(WebhookEventModel, 'updateOne').mockImplementation(((...args: Parameters<typeof updateOne>) => {
      if (!isSlow || !JSON.stringify(args[1]).includes('processedAt')) return updateOne(...args)
      isSlow = false
      return (async () => {
        expect((await post(JSON.stringify(paid))).status).toBe(200)
        throw new Error('died')
      })()
    }) as typeof WebhookEventModel.updateOne)
    expect((await post(JSON.stringify(paid))).status).toBe(200)
    expect(await WebhookEventModel.findById(paid!.id).lean()).toMatchObject({ status: 'processed' })
  })
})

describe('the books', () => {
  it('the books balance after all these cases', async () => {
    follow(context)
    await pauseOverdue()
    expect((await auditGrants()).violations).toEqual([])
    expect((await auditCredits()).violations).toEqual([])
  })
})
