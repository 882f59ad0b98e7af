import { afterEach, describe, expect, it } from 'vitest'
import { auditGrants } from '#app/billing/purchases/audit-grants.server.ts'
import { listBillingHistory } from '#app/billing/purchases/list-history.server.ts'
import { reconcile } from '#app/billing/reconcile/reconcile.server.ts'
import { toHistoryRows } from '#app/plan-status/history-rows.ts'
import { auditCredits } from '#app/credits/audit.server.ts'
import { ledgerAsCsv } from '#app/usage/ledger-csv.server.ts'
import { NotificationModel } from '#models/notification.server.ts'
import { PaymentModel } from '#models/payment.server.ts'
import type { User } from '#models/user.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { addOnPrice, addPrice, aPayer, aService, priceBy, sellOnInvoice, sellOnPage } from '../by-hand.ts'
import { useSandboxClock } from '../clock.ts'
import { chargesOf, subscriptionIdOf } from '../customers.ts'
import { usePlan } from '../plan.ts'
import { aUser, creditsOf, Deliveries, historyOf, readUser } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

/* Everything of ours that is paid for grants its credits, however it was sold, and the row lists all of it. */

const context = useStripe()
useDatabase()
const deliveries = new Deliveries(context)
const beginner = usePlan('Beginner')
useSandboxClock(context)

/** Delivers every event twice, once in each order. */
const deliver = () => deliveries.deliver({ order: (events) => [...events, ...events.slice().reverse()] })
const priceOf = async (key: string) => (await priceBy(context, key)).id
const whatOf = async ({ _id }: User) => toHistoryRows(await listBillingHistory(_id), 'UTC').map(({ what }) => what)
const paymentsOf = ({ _id }: User) => PaymentModel.find({ userId: _id }).lean()
const receiptOf = async ({ _id }: User) =>
  (await NotificationModel.findOne({ userId: _id, kind: 'payment_receipt' }).lean())?.data

afterEach(async () => {
  expect(await auditGrants()).toMatchObject({ violations: [], unfinished: [] })
  expect((await auditCredits()).violations).toEqual([])
})

describe('an invoice', () => {
  it('an invoice of a pack alone grants its credits once', async () => {
    const user = await aPayer(context)
    await sellOnInvoice(context, user, [{ price: await priceOf('scrip_pack_2000') }])
    await deliver()
    expect(await creditsOf(user)).toBe(2000)
    expect(await historyOf(user)).toMatchObject([
      {
        ...{ planName: 'Credit pack 2000', interval: null, amount: 2200, creditsAdded: 2000 },
        lines: [{ kind: 'pack', name: '2000', quantity: 1, amount: 2200, credits: 2000 }],
      },
    ])
    expect(await whatOf(user)).toEqual(['Credit pack 2000'])
    expect(await receiptOf(user)).toMatchObject({ credits: 2000, description: 'Credit pack 2000' })
  })

  it('an invoice is identified by its number in the ledger’s CSV file', async () => {
    const user = await aPayer(context)
    await sellOnInvoice(context, user, [{ price: await priceOf('scrip_pack_2000') }])
    await deliver()
    const [invoice] = (await context.stripe.invoices.list({ customer: user.stripeCustomerId })).data
    const [, row] = (await new Response(ledgerAsCsv(user, {})).text()).split('\r\n')
    expect(invoice!.number).toMatch(/^\w+-\d{4}$/)
    expect(row?.split(',').slice(2)).toEqual([
      ...['Credit packs', 'Invoice', invoice!.number, '2000', '2000', invoice!.id, ''],
    ])
  })

  it('an invoice of a plan with a pack beside it grants both', async () => {
    const user = await aPayer(context)
    const { stripe } = context
    const customer = user.stripeCustomerId
    await stripe.invoiceItems.create({ customer, pricing: { price: await priceOf('scrip_pack_2000') }, quantity: 2 })
    await stripe.subscriptions.create({ customer, items: [{ price: await priceOf('scrip_beginner_month') }] })
    await deliver()
    expect(await creditsOf(user)).toBe(5000)
    expect(await historyOf(user)).toMatchObject([{ planName: 'Beginner', amount: 5400, creditsAdded: 5000 }])
    expect(await whatOf(user)).toEqual(['Beginner, monthly + Credit pack 2000 × 2'])
    const receipt = await receiptOf(user)
    expect(receipt?.description).toMatch(/^Beginner, \d+ \w+ to \d+ \w+ \d{4} \+ Credit pack 2000 × 2$/)
  })

  it('an invoice also lists what is not ours, and grants nothing for it', async () => {
    const user = await aPayer(context)
    const [pack, service] = [await priceOf('scrip_pack_500'), await aService(context)]
    await sellOnInvoice(context, user, [{ price: service }, { price: pack, quantity: 3 }])
    await deliver()
    expect(await creditsOf(user)).toBe(1500)
    expect(await whatOf(user)).toEqual(['Credit pack 500 × 3 + Setting up'])
  })

  it('an invoice that is refunded in full loses the credits of all its lines', async () => {
    const user = await aPayer(context)
    const prices = [await priceOf('scrip_pack_500'), await priceOf('scrip_pack_2000')]
    await sellOnInvoice(
      context,
      user,
      prices.map((price) => ({ price })),
    )
    await deliver()
    expect(await creditsOf(user)).toBe(2500)
    const [charge] = await chargesOf(context, user)
    await context.stripe.refunds.create({ charge: charge!.id })
    await deliver()
    expect(await creditsOf(user)).toBe(0)
  })

  it('an invoice of a trial with a pack beside it grants the trial’s credits and the pack’s', async () => {
    beginner.trial = { days: 14, credits: 50 }
    const user = await aPayer(context)
    const items = [await priceOf('scrip_beginner_month'), await priceOf('scrip_pack_500')]
    await sellOnPage(context, user, {
      mode: 'subscription',
      line_items: items.map((price) => ({ price, quantity: 1 })),
      subscription_data: { trial_period_days: 14 },
    })
    await deliver()
    expect(await creditsOf(user)).toBe(550)
    expect((await historyOf(user))[0]?.lines).toMatchObject([
      { kind: 'pack', credits: 500 },
      { kind: 'plan', credits: 50 },
    ])
  })

  it('an invoice of an add-on alone grants nothing and causes no error', async () => {
    const user = await aUser()
    await deliveries.buy({ user, plan: 'Beginner', interval: 'year' })
    await deliver()
    const { stripe, sandbox } = context
    const subscription = subscriptionIdOf(await readUser(user._id))
    await stripe.subscriptionItems.create({
      ...{ subscription, price: await addOnPrice(context) },
      proration_behavior: 'always_invoice',
    })
    sandbox.advance(32 * 86_400)
    expect(new Set(await deliver())).toEqual(new Set([200]))
    expect(await creditsOf(user)).toBe(12_000)
    expect((await whatOf(user)).filter((what) => what.includes('Priority queue')).length).toBeGreaterThan(0)
    expect(await reconcile()).toMatchObject({ done: [], failed: [] })
  })

  it('an invoice of a pack sold by the month grants its credits each month', async () => {
    const user = await aPayer(context)
    const recurring = { interval: 'month' as const }
    const price = await addPrice(context, 'scrip_pack_500', { unit_amount: 500, recurring })
    await context.stripe.subscriptions.create({ customer: user.stripeCustomerId, items: [{ price }] })
    await deliver()
    context.sandbox.advance(32 * 86_400)
    await deliver()
    expect(await creditsOf(user)).toBe(1000)
  })
})

describe('a checkout', () => {
  it('a checkout of several packs grants the credits of each', async () => {
    const user = await aPayer(context)
    const [small, large] = [await priceOf('scrip_pack_500'), await priceOf('scrip_pack_2000')]
    await sellOnPage(context, user, {
      mode: 'payment',
      line_items: [
        { price: small, quantity: 1 },
        { price: large, quantity: 2 },
      ],
    })
    await deliver()
    expect(await creditsOf(user)).toBe(4500)
    expect(await paymentsOf(user)).toMatchObject([
      {
        ...{ pack: '500', quantity: 1, amount: 5000, creditsAdded: 4500 },
        lines: [
          { kind: 'pack', name: '500', amount: 600, credits: 500 },
          { kind: 'pack', name: '2000', quantity: 2, amount: 4400, credits: 4000 },
        ],
      },
    ])
    expect(await whatOf(user)).toEqual(['Credit pack 500 + Credit pack 2000 × 2'])
    expect(await receiptOf(user)).toMatchObject({ description: 'Credit pack 500 + Credit pack 2000 × 2' })
  })

  it('a checkout with more lines than one page of Stripe’s list grants all of them', async () => {
    const user = await aPayer(context)
    const pack = await priceOf('scrip_pack_500')
    const services = await Promise.all(Array.from({ length: 11 }, (_, index) => aService(context, `Sock ${index}`)))
    await sellOnPage(context, user, {
      mode: 'payment',
      line_items: [...services, pack].map((price) => ({ price, quantity: 1 })),
    })
    await deliver()
    expect(await creditsOf(user)).toBe(500)
    expect((await paymentsOf(user))[0]?.lines).toHaveLength(12)
  })

  it('a checkout of a plan with a pack beside it grants both', async () => {
    const user = await aPayer(context)
    const prices = [await priceOf('scrip_pack_2000'), await priceOf('scrip_beginner_month')]
    await sellOnPage(context, user, {
      mode: 'subscription',
      line_items: prices.map((price) => ({ price, quantity: 1 })),
    })
    await deliver()
    expect(await creditsOf(user)).toBe(3000)
    expect(await whatOf(user)).toEqual(['Beginner, monthly + Credit pack 2000'])
  })

  it('a purchase with an invoice grants its credits once, by the invoice', async () => {
    const user = await aPayer(context)
    await sellOnPage(context, user, {
      mode: 'payment',
      line_items: [{ price: await priceOf('scrip_pack_2000'), quantity: 1 }],
      invoice_creation: { enabled: true },
    })
    await deliver()
    expect(await creditsOf(user)).toBe(2000)
    expect(await paymentsOf(user)).toEqual([])
    expect(await historyOf(user)).toHaveLength(1)
    const run = await reconcile({ since: new Date(0) })
    expect(run).toMatchObject({ done: [], failed: [] })
    expect(await creditsOf(user)).toBe(2000)
    const [charge] = await chargesOf(context, user)
    await context.stripe.refunds.create({ charge: charge!.id })
    await deliver()
    expect(await creditsOf(user)).toBe(0)
  })

  it('a checkout that a coupon pays in full grants its credits too', async () => {
    const user = await aPayer(context)
    const { id: coupon } = await context.stripe.coupons.create({ percent_off: 100, duration: 'once' })
    await sellOnPage(context, user, {
      mode: 'payment',
      line_items: [
        { price: await priceOf('scrip_pack_500'), quantity: 1 },
        { price: await priceOf('scrip_pack_2000'), quantity: 1 },
      ],
      discounts: [{ coupon }],
    })
    await deliver()
    expect(await creditsOf(user)).toBe(2500)
  })
})
