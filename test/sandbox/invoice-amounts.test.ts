import { expect, test } from 'vitest'
import { aCustomer, aPlan, sandboxAndClient } from './harness.ts'
import { START, subscribed } from './subscribed.ts'

const DAY = 86_400

test('coupons apply once, for some months or forever, and promotion codes have their limits', async () => {
  const { sandbox, stripe } = await sandboxAndClient()
  await stripe.coupons.create({ id: 'half', percent_off: 50, duration: 'repeating', duration_in_months: 2 })
  await stripe.coupons.create({ id: 'three', amount_off: 300, currency: 'usd', duration: 'once' })
  const { subscription, advanceTo } = await subscribed(sandbox, stripe, { params: { discounts: [{ coupon: 'half' }] } })
  const totals = async () =>
    (await stripe.invoices.list({ subscription: subscription.id })).data.map(({ total }) => total)
  await advanceTo(START + 45 * DAY)
  await advanceTo(START + 63 * DAY)
  await advanceTo(START + 95 * DAY)
  expect(await totals()).toEqual([1000, 1000, 500, 500])
  const code = await stripe.promotionCodes.create({
    promotion: { type: 'coupon', coupon: 'three' },
    code: 'WELCOME',
    max_redemptions: 1,
  })
  const { beginner } = { beginner: await aPlan(stripe, { name: 'Solo' }) }
  const buy = async () => {
    const session = await stripe.checkout.sessions.create({
      mode: 'subscription',
      line_items: [{ price: beginner.monthly.id, quantity: 1 }],
      discounts: [{ promotion_code: code.id }],
      success_url: 'http://localhost/',
    })
    expect(session).toMatchObject({ amount_subtotal: 1000, amount_total: 700, total_details: { amount_discount: 300 } })
    return sandbox.completeCheckout(session.id)
  }
  const bought = await buy()
  const invoice = await stripe.invoices.retrieve(bought.invoice as string)
  expect(invoice).toMatchObject({
    subtotal: 1000,
    total: 700,
    amount_paid: 700,
    total_discount_amounts: [{ amount: 300 }],
    lines: { data: [{ amount: 1000, discount_amounts: [{ amount: 300 }] }] },
  })
  await expect(buy()).rejects.toThrow(/not active/)
})

test('yen have no decimals, and tax is exclusive or inclusive', async () => {
  const { sandbox, stripe } = await sandboxAndClient()
  const yen = await aPlan(stripe, { name: 'Yen', month: 1500, currency: 'jpy' })
  const customer = await aCustomer(stripe)
  const subscription = await stripe.subscriptions.create({
    customer: customer.id,
    items: [{ price: yen.monthly.id }],
    expand: ['latest_invoice'],
  })
  expect(subscription).toMatchObject({
    currency: 'jpy',
    latest_invoice: { amount_paid: 1500, lines: { data: [{ description: '1 × Yen (at ¥1,500 / month)' }] } },
  })

  const euro = await aPlan(stripe, { name: 'Euro', month: 1000, currency: 'eur' })
  const session = await stripe.checkout.sessions.create({
    mode: 'subscription',
    line_items: [{ price: euro.monthly.id, quantity: 2 }],
    automatic_tax: { enabled: true },
    success_url: 'http://localhost/',
  })
  const done = sandbox.completeCheckout(session.id, { address: { country: 'DE' } })
  expect(done).toMatchObject({ amount_subtotal: 2000, amount_total: 2380, total_details: { amount_tax: 380 } })
  expect(await stripe.invoices.retrieve(done.invoice as string)).toMatchObject({
    subtotal: 2000,
    total: 2380,
    total_excluding_tax: 2000,
    total_taxes: [{ amount: 380, tax_behavior: 'exclusive' }],
    lines: { data: [{ amount: 2000, taxes: [{ amount: 380 }] }] },
  })

  const within = await stripe.prices.create({
    product: euro.product.id,
    currency: 'eur',
    unit_amount: 1190,
    tax_behavior: 'inclusive',
  })
  const pack = await stripe.checkout.sessions.create({
    mode: 'payment',
    line_items: [{ price: within.id, quantity: 1 }],
    automatic_tax: { enabled: true },
    success_url: 'http://localhost/',
  })
  expect(sandbox.completeCheckout(pack.id, { address: { country: 'DE' } })).toMatchObject({
    amount_total: 1190,
    total_details: { amount_tax: 190 },
  })
})
