import { readFileSync } from 'node:fs'
import Stripe from 'stripe'
import { afterEach, describe, expect, it } from 'vitest'
import { listBillingHistory } from '#app/billing/purchases/list-history.server.ts'
import { forgetPrices } from '#app/billing/catalog/prices.server.ts'
import { readCharge } from '#app/billing/stripe/objects/charge.ts'
import { readInvoice } from '#app/billing/stripe/objects/invoice.ts'
import { readSession } from '#app/billing/stripe/objects/checkout-session.ts'
import { readSubscription } from '#app/billing/stripe/objects/subscription.ts'
import { toEvent } from '#app/billing/webhooks/event.ts'
import { UserModel } from '#models/user.server.ts'
import { aUser, creditsOf, post, readUser } from '#test/billing/scenario.ts'
import { useStripe } from '#test/billing/stripe.ts'
import { useDatabase } from '#test/setup/database.ts'
import { OLD_VERSION } from '../../event-versions.ts'

/*
 * Recorded events: every field that Stripe documents for the version, stored as files, so that neither the
 * sandbox nor the client library can agree with a wrong reader. Both tell one story: Beginner was upgraded to Creator
 * after a third of the month, a quarter of that was refunded, and a pack was bought.
 */

const RECORDED = ['2024-06-20', '2026-10-28.endive'] as const
const CURRENT = RECORDED[1]
const TYPES = [
  'invoice.paid',
  'customer.subscription.updated',
  'charge.refunded',
  'checkout.session.completed',
] as const
type Version = (typeof RECORDED)[number]
type Type = (typeof TYPES)[number]

const textOf = (version: Version, type: Type) =>
  readFileSync(new URL(`fixtures/${version}/${type}.json`, import.meta.url), 'utf8')
const objectOf = (version: Version, type: Type) =>
  toEvent(JSON.parse(textOf(version, type))).data.object as Record<string, unknown>

const readers: Record<Type, (value: unknown) => object> = {
  'invoice.paid': readInvoice,
  'customer.subscription.updated': readSubscription,
  'charge.refunded': readCharge,
  'checkout.session.completed': readSession,
}

describe('recorded events', () => {
  it('the recorded events are of the version before basil and of the client library’s own (1.14)', () => {
    expect(RECORDED).toEqual([OLD_VERSION, Stripe.API_VERSION])
    for (const version of RECORDED)
      for (const type of TYPES) expect(JSON.parse(textOf(version, type))).toMatchObject({ api_version: version, type })
  })

  it('the recorded events of two versions differ in where fields are (1.14)', () => {
    expect(objectOf(OLD_VERSION, 'invoice.paid')).not.toHaveProperty('parent')
    expect(objectOf(CURRENT, 'invoice.paid')).not.toHaveProperty('subscription')
    expect(objectOf(OLD_VERSION, 'customer.subscription.updated')).toHaveProperty('current_period_end')
    expect(objectOf(CURRENT, 'customer.subscription.updated')).not.toHaveProperty('current_period_end')
  })

  it.each(TYPES)('the recorded event %s reads the same in both versions (1.14)', (type) => {
    const [old, current] = RECORDED.map((version) => readers[type](objectOf(version, type)))
    // Since basil neither a charge names its invoice nor an invoice its payment; a third object links them.
    if (type === 'charge.refunded') expect(current).toEqual({ ...old, invoiceId: null })
    else if (type === 'invoice.paid') expect(current).toEqual({ ...old, paymentIntentId: null })
    else expect(current).toEqual(old)
  })

  it.each(RECORDED)('the recorded events of version %s are read in full (1.14)', (version) => {
    const start = new Date('2024-06-20T00:00:00Z')
    const end = new Date('2024-07-20T00:00:00Z')
    const changed = new Date('2024-06-30T00:00:00Z')
    const invoice = readInvoice(objectOf(version, 'invoice.paid'))
    expect(invoice).toMatchObject({
      id: 'in_1PXYt2B7WZ01zgkW9LrNf4Sx',
      customerId: 'cus_QJx4Zk8LmWv0Ab',
      subscriptionId: 'sub_1PTv7HB7WZ01zgkWq3mYc0aE',
      isPaid: true,
      billingReason: 'subscription_update',
      amountPaid: 2000,
      paidAt: new Date(changed.getTime() + 2000),
      periodStart: start,
      metadata: { app: 'scrip', plan: 'Creator' },
      hasMoreLines: false,
    })
    expect(invoice.lines).toMatchObject([
      { amount: -667, unitAmount: '1000', priceId: 'price_1PTuZ0B7WZ01zgkWbeginner', proration: true, periodEnd: end },
      { amount: 2667, unitAmount: '4000', priceId: 'price_1PTuZ0B7WZ01zgkWcreator0', proration: true, periodEnd: end },
    ])
    expect(readSubscription(objectOf(version, 'customer.subscription.updated'))).toMatchObject({
      status: 'active',
      hasCancelFlag: false,
      latestInvoiceId: invoice.id,
      items: [{ priceId: 'price_1PTuZ0B7WZ01zgkWcreator0', quantity: 1, periodStart: start, periodEnd: end }],
    })
    expect(readCharge(objectOf(version, 'charge.refunded'))).toMatchObject({ amount: 2000, amountRefunded: 500 })
    expect(readSession(objectOf(version, 'checkout.session.completed'))).toMatchObject({
      mode: 'payment',
      status: 'complete',
      isPaid: true,
      amountTotal: 600,
      metadata: { pack: '500' },
    })
  })
})

describe('fields of the other version', () => {
  const emptied = (value: unknown, full: unknown): unknown => {
    if (Array.isArray(value)) return value.map((item, index) => emptied(item, (full as unknown[])[index]))
    if (typeof value !== 'object' || value === null || typeof full !== 'object' || full === null) return value
    const missing = Object.keys(full).filter((key) => !(key in value))
    const known = Object.entries(value).map(
      ([key, inner]) => [key, emptied(inner, (full as PostedEvent)[key])] as const,
    )
    return Object.fromEntries([...known, ...missing.map((key) => [key, null] as const)])
  }
  type PostedEvent = Record<string, unknown>

  it.each(TYPES.flatMap((type) => [[type, OLD_VERSION, CURRENT] as const, [type, CURRENT, OLD_VERSION] as const]))(
    'the event %s of %s reads the same with null fields of %s (complaint 17)',
    (type, version, other) => {
      const object = objectOf(version, type)
      const both = emptied(object, objectOf(other, type))
      expect(JSON.stringify(both).length).toBeGreaterThan(JSON.stringify(object).length)
      expect(readers[type](both)).toEqual(readers[type](object))
    },
  )
})

describe('recorded events about objects that Stripe does not know', () => {
  useStripe()
  useDatabase()
  afterEach(() => {
    for (const name of ['STRIPE_PRICE_BEGINNER_MONTH', 'STRIPE_PRICE_CREATOR_MONTH']) delete process.env[name]
    forgetPrices()
  })

  it.each(RECORDED)(
    'recorded events of %s about objects that Stripe does not know take effect once (1.14)',
    async (version) => {
      process.env.STRIPE_PRICE_BEGINNER_MONTH = 'price_1PTuZ0B7WZ01zgkWbeginner'
      process.env.STRIPE_PRICE_CREATOR_MONTH = 'price_1PTuZ0B7WZ01zgkWcreator0'
      forgetPrices()
      const user = await aUser()
      const own = `${version.slice(0, 4)}x`
      await UserModel.updateOne({ _id: user._id }, { $set: { stripeCustomerId: `cus_${own}QJx4Zk8LmWv0Ab` } })
      const bodies = TYPES.map((type) =>
        textOf(version, type)
          .replaceAll('6673f0a01c9d440000a1b2c3', user._id.toHexString())
          .replaceAll(/"(cus|sub|in|ch|cs_test|pi|evt)_(?=\w)/g, `"$1_${own}`),
      )
      for (const body of [...bodies, ...bodies.toReversed()]) expect((await post(body)).status).toBe(200)

      // −667 of 1000 × 1000 credits and 2667 of 4000 × 5000, and the pack. A quarter of the payment was refunded: that is
      // known where the charge itself names the invoice.
      const refunded = version === OLD_VERSION ? 666 : 0
      expect(await creditsOf(user)).toBe(2666 - refunded + 500)
      expect((await readUser(user._id)).subscription).toMatchObject({
        plan: 'Creator',
        status: 'active',
        currentPeriodEnd: new Date('2024-07-20T00:00:00Z'),
      })
      expect(await listBillingHistory(user._id)).toMatchObject([
        { kind: 'pack', amount: 600, creditsAdded: 500 },
        { kind: 'plan', planName: 'Creator', amount: 2000, creditsAdded: 2666, isCurrentSubscription: true },
      ])
    },
  )
})
