import { randomUUID } from 'node:crypto'
import type Stripe from 'stripe'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { auditGrants } from '#app/billing/purchases/audit-grants.server.ts'
import { changePlan } from '#app/billing/plan-changes/change-plan.server.ts'
import { previewPlanChange } from '#app/billing/plan-changes/change-preview.server.ts'
import { createCheckout } from '#app/billing/checkout/create-checkout.server.ts'
import { CHECKOUT_LOCALES, checkoutLocaleOf } from '#app/billing/checkout/checkout-locale.ts'
import { findPlan } from '#app/billing/plans.ts'
import { ensurePrices } from '#app/billing/catalog/ensure-prices.server.ts'
import { priceIdOf } from '#app/billing/catalog/prices.server.ts'
import { resetConfig } from '#app/config.server.ts'
import { auditCredits } from '#app/credits/audit.server.ts'
import type { User } from '#models/user.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { aUser, creditsOf, Deliveries, historyOf, readUser, sessionIdOf } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

const context = useStripe()
useDatabase()
const deliveries = new Deliveries(context)
const daily = findPlan('Daily')!

type Goods = { plan: string; interval: 'month' | 'year' } | { pack: string }

async function pageFor(user: User, goods: Goods, options: { locale?: string } = {}) {
  const { url } = await createCheckout({ user, ...goods }, { nonce: randomUUID(), ...options })
  return sessionIdOf(url)
}

async function refundOf(user: User, share: number): Promise<Stripe.Charge> {
  const { stripeCustomerId } = await readUser(user._id)
  const [charge] = (await context.stripe.charges.list({ customer: stripeCustomerId! })).data
  await context.stripe.refunds.create({ charge: charge!.id, amount: Math.round(charge!.amount * share) })
  await deliveries.deliver()
  return charge!
}

const inGermany = { address: { country: 'DE' } }

describe('the checkout page', () => {
  it('the checkout page asks for an address and a tax ID, takes promotion codes, and keeps its language', async () => {
    const user = await aUser()
    const session = await context.stripe.checkout.sessions.retrieve(
      await pageFor(user, { plan: 'Daily', interval: 'month' }, { locale: 'pt-BR' }),
    )
    expect(session).toMatchObject({
      billing_address_collection: 'required',
      tax_id_collection: { enabled: true },
      allow_promotion_codes: true,
      automatic_tax: { enabled: false },
      locale: 'pt-BR',
    })
  })

  it('the checkout passes a company’s tax ID on to the customer and the invoice', async () => {
    const user = await aUser()
    const session = await pageFor(user, { plan: 'Daily', interval: 'month' })
    const page = await (await fetch(`${context.sandbox.url}/c/pay/${session}`)).text()
    expect(page).toContain('name="tax_id"')
    context.sandbox.completeCheckout(session, { ...inGermany, name: 'Ada GmbH', taxId: 'DE123456789' })
    await deliveries.deliver()
    const { stripeCustomerId: customer } = await readUser(user._id)
    expect((await context.stripe.customers.listTaxIds(customer!)).data).toMatchObject([
      { type: 'eu_vat', value: 'DE123456789' },
    ])
    expect(await context.stripe.customers.retrieve(customer!)).toMatchObject({ name: 'Ada GmbH' })
    expect((await context.stripe.invoices.list({ customer: customer! })).data).toMatchObject([
      { customer_tax_ids: [{ type: 'eu_vat', value: 'DE123456789' }] },
    ])
  })

  it.each([
    [null, 'auto'],
    ['', 'auto'],
    ['*', 'auto'],
    ['tlh', 'auto'],
    ['de-AT,de;q=0.9,en;q=0.8', 'de'],
    ['tlh, fr;q=0.5, it;q=0.9', 'it'],
    ['de;q=0, fr', 'fr'],
    ['en-GB', 'en-GB'],
    ['en-AU', 'en'],
    ['pt-BR,pt;q=0.9', 'pt-BR'],
    ['pt-PT', 'pt'],
    ['es-MX', 'es-419'],
    ['es-ES', 'es'],
    ['es', 'es'],
    ['zh-Hant-TW', 'zh-TW'],
    ['zh-Hant-HK', 'zh-HK'],
    ['zh-CN', 'zh'],
    ['no', 'nb'],
    ['nn-NO', 'nb'],
    ['hi', 'hi-IN'],
    ['fr-ca', 'fr-CA'],
    ['x;q=nonsense, ja', 'ja'],
    ['constructor,__proto__', 'auto'],
  ])('a browser that prefers %j gets the checkout in %s', (header, locale) => {
    expect(checkoutLocaleOf(header)).toBe(locale)
    expect(['auto', ...CHECKOUT_LOCALES]).toContain(locale)
  })

  it('the checkout page opens in every supported language', async () => {
    const user = await aUser()
    for (const locale of CHECKOUT_LOCALES) {
      const session = await context.stripe.checkout.sessions.retrieve(await pageFor(user, { pack: '500' }, { locale }))
      expect(session.locale).toBe(locale)
    }
  })
})

describe.each([
  { behavior: 'exclusive' as const, month: 2142, pack: 714 },
  { behavior: 'inclusive' as const, month: 1800, pack: 600 },
])('automatic tax, $behavior', ({ behavior, month, pack }) => {
  beforeAll(async () => {
    process.env.STRIPE_AUTOMATIC_TAX = behavior
    resetConfig()
    context.sandbox.world.run(() =>
      context.sandbox.world.tables.settings.update('settings', { taxPercentages: { DE: 19 } }),
    )
    await ensurePrices()
  })
  afterAll(() => {
    delete process.env.STRIPE_AUTOMATIC_TAX
    resetConfig()
  })

  it('automatic tax marks every price once', async () => {
    const id = await priceIdOf({ kind: 'plan', plan: daily, interval: 'month', price: daily.prices!.month })
    expect(await context.stripe.prices.retrieve(id)).toMatchObject({ tax_behavior: behavior, unit_amount: 1800 })
    expect(new Set((await ensurePrices()).map(({ done }) => done))).toEqual(new Set(['kept']))
  })

  it('a taxed plan grants the plan’s credits, and a refund takes its share of them', async () => {
    const user = await aUser()
    context.sandbox.completeCheckout(await pageFor(user, { plan: 'Daily', interval: 'month' }), inGermany)
    await deliveries.deliver()
    expect(await historyOf(user)).toMatchObject([{ amount: month, creditsAdded: 2000 }])
    expect((await refundOf(user, 0.5)).amount).toBe(month)
    expect(await creditsOf(user)).toBe(1000)
    await refundOf(user, 0.5)
    expect(await creditsOf(user)).toBe(0)
  })

  it('a taxed pack grants the pack’s credits, and a refund takes its share of them', async () => {
    const user = await aUser()
    context.sandbox.completeCheckout(await pageFor(user, { pack: '500' }), inGermany)
    await deliveries.deliver()
    expect(await creditsOf(user)).toBe(500)
    expect((await refundOf(user, 0.25)).amount).toBe(pack)
    expect(await creditsOf(user)).toBeGreaterThanOrEqual(375)
    expect(await creditsOf(user)).toBeLessThanOrEqual(376)
  })

  it('a taxed plan change charges what was shown, with tax in the money and none in the credits', async () => {
    const user = await aUser()
    context.sandbox.completeCheckout(await pageFor(user, { plan: 'Daily', interval: 'month' }), inGermany)
    await deliveries.deliver()
    const choice = { plan: 'Creator', interval: 'month' as const }
    const { amountDue, credits, prorationDate } = await previewPlanChange(user, choice)
    await changePlan(user, choice, { prorationDate })
    await deliveries.deliver()
    expect((await historyOf(user)).at(-1)).toMatchObject({ amount: amountDue, creditsAdded: credits })
    expect(credits).toBeGreaterThan(2990)
    expect(credits).toBeLessThanOrEqual(3000)
  })
})

it('credits and money agree with tax and without', async () => {
  expect((await auditGrants()).violations).toEqual([])
  expect((await auditCredits()).violations).toEqual([])
})
