import type Stripe from 'stripe'
import { describe, expect, it } from 'vitest'
import { brand } from '#app/brand.mjs'
import { auditGrants } from '#app/billing/purchases/audit-grants.server.ts'
import { forgetPrices } from '#app/billing/catalog/prices.server.ts'
import { reconcile } from '#app/billing/reconcile/reconcile.server.ts'
import { listBillingHistory } from '#app/billing/purchases/list-history.server.ts'
import { deliverDue } from '#app/notifications/deliver.server.ts'
import { toHistoryRows } from '#app/plan-status/history-rows.ts'
import { now } from '#app/clock.server.ts'
import { toUserJson } from '#app/usage/user-json.ts'
import { MailModel } from '#models/mail.server.ts'
import { ReconcileFindingModel } from '#models/reconcile-finding.server.ts'
import { WebhookEventModel } from '#models/webhook-event.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { addPrice, aPayer, priceBy, sellOnInvoice, sellOnPage } from '../by-hand.ts'
import { advance, useSandboxClock } from '../clock.ts'
import { creditsOf, Deliveries, historyOf, post, readUser } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

/* Prices added to one of our products at Stripe, and lines whose credits are unknown. */

const context = useStripe()
useDatabase()
const deliveries = new Deliveries(context)
useSandboxClock(context)

type Recurring = Stripe.PriceCreateParams.Recurring

async function subscribed(unit_amount: number, recurring: Recurring, beside = 'scrip_beginner_month') {
  const user = await aPayer(context)
  const price = await addPrice(context, beside, { unit_amount, recurring })
  await context.stripe.subscriptions.create({ customer: user.stripeCustomerId, items: [{ price }] })
  await deliveries.deliver()
  return readUser(user._id)
}

describe('a plan at a price of another billing interval', () => {
  it.each<[what: string, amount: number, recurring: Recurring, credits: number, words: string]>([
    ['a quarter', 2700, { interval: 'month', interval_count: 3 }, 3000, 'every 3 months'],
    ['two years', 18_000, { interval: 'year', interval_count: 2 }, 24_000, 'every 2 years'],
    ['a week', 300, { interval: 'week' }, 230, 'weekly'],
    ['a day', 50, { interval: 'day' }, 32, 'daily'],
  ])(
    'a price for %s grants the credits of the months that are sold, and is shown with its interval',
    async (...row) => {
      const [, amount, recurring, credits, words] = row
      const user = await subscribed(amount, recurring)
      expect(await creditsOf(user)).toBe(credits)
      const { interval, interval_count: intervalCount = 1 } = recurring
      expect(await historyOf(user)).toMatchObject([{ planName: 'Beginner', interval, intervalCount, amount }])
      expect(toUserJson(user, now()).subscription).toMatchObject({ plan: 'Beginner', interval, intervalCount })
      const [shown] = toHistoryRows(await listBillingHistory(user._id), 'UTC')
      expect(shown?.what).toBe(`Beginner, ${words}`)
      expect(await reconcile()).toMatchObject({ done: [], failed: [] })
    },
  )

  it('a plan at another interval grants its credits at each renewal', async () => {
    const user = await subscribed(300, { interval: 'week' })
    advance(context, 15)
    await deliveries.deliver()
    expect(await historyOf(user)).toHaveLength(3)
    expect(await creditsOf(user)).toBe(3 * 230)
  })
})

describe('a currency added to a known price', () => {
  it('a currency added to a known price is looked up once more, and the invoice is granted at once', async () => {
    const known = await priceBy(context, 'scrip_daily_month')
    const before = await aPayer(context)
    await context.stripe.subscriptions.create({ customer: before.stripeCustomerId, items: [{ price: known.id }] })
    await deliveries.deliver()
    await context.stripe.prices.update(known.id, { currency_options: { jpy: { unit_amount: 2700 } } })
    const user = await aPayer(context)
    const items = [{ price: known.id }]
    await context.stripe.subscriptions.create({ customer: user.stripeCustomerId, currency: 'jpy', items })
    expect(new Set(await deliveries.deliver())).toEqual(new Set([200]))
    expect(await creditsOf(user)).toBe(2000)
  })
})

describe('a line of ours with an unknown number of credits', () => {
  /** A price of a product tagged as ours, for a pack that the plan file does not have. */
  async function unknownPrice(): Promise<{ id: string; product: string }> {
    const metadata = { app: 'scrip', pack: '777' }
    const product = await context.stripe.products.create({ name: '777 credits', metadata })
    const price = await context.stripe.prices.create({ product: product.id, currency: 'usd', unit_amount: 700 })
    return { id: price.id, product: product.id }
  }
  const findingOf = (id: string) => ReconcileFindingModel.findOne({ objectId: id }).lean()
  const mailsAbout = async (id: string) => {
    await deliverDue()
    return MailModel.find({ subject: new RegExp(id) }).lean()
  }

  it('an invoice line with an unknown number of credits grants nothing, is listed, mails the operator once, and is granted once it is fixed', async () => {
    const user = await aPayer(context)
    const unknown = await unknownPrice()
    const pack = (await priceBy(context, 'scrip_pack_500')).id
    const invoice = await sellOnInvoice(context, user, [{ price: pack }, { price: unknown.id }])
    expect(await deliveries.deliver()).toContain(500)
    expect(await creditsOf(user)).toBe(0)
    expect(await historyOf(user)).toEqual([])
    expect(await findingOf(invoice)).toMatchObject({ state: 'unclaimed' })
    expect((await reconcile())?.unclaimed).toEqual([expect.stringContaining(invoice)])
    const mails = await mailsAbout(invoice)
    expect(mails).toMatchObject([{ to: brand.senderAddress }])
    expect(mails[0]?.text).toContain('has granted nothing')

    await context.stripe.products.update(unknown.product, { metadata: { pack: '2000' } })
    forgetPrices()
    await reconcile()
    expect(await creditsOf(user)).toBe(2500)
    expect(await findingOf(invoice)).toBeNull()
    expect(await auditGrants()).toMatchObject({ violations: [], unfinished: [] })
  })

  it('a checkout line with an unknown number of credits grants nothing until it is fixed', async () => {
    const user = await aPayer(context)
    const { id: price } = await unknownPrice()
    const session = await sellOnPage(context, user, { mode: 'payment', line_items: [{ price, quantity: 1 }] })
    expect(await deliveries.deliver()).toContain(500)
    expect(await findingOf(session)).toMatchObject({ state: 'unclaimed' })
    expect(await mailsAbout(session)).toHaveLength(1)
  })

  it('an event about such a line is refused for an hour at most, so that Stripe keeps the endpoint', async () => {
    const user = await aPayer(context)
    const { id: price } = await unknownPrice()
    await sellOnInvoice(context, user, [{ price }])
    const [paid] = deliveries.take('invoice.paid')
    expect((await post(JSON.stringify(paid))).status).toBe(500)
    advance(context, 0.1)
    expect((await post(JSON.stringify(paid))).status).toBe(200)
    expect(await WebhookEventModel.findById(paid!.id).lean()).toMatchObject({ status: 'dead' })
  })
})
