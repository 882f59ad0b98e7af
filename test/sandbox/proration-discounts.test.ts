import type Stripe from 'stripe'
import { describe, expect, test } from 'vitest'
import { aCustomer, aPlan, sandboxAndClient } from './harness.ts'

const DAY = 86_400
const START = Date.UTC(2026, 3, 1) / 1000 // April has 30 days.
const MODES = {
  classic: { type: 'classic' },
  included: { type: 'flexible' },
  itemized: { type: 'flexible', flexible: { proration_discounts: 'itemized' } },
} as const
type Mode = keyof typeof MODES

/** A subscriber to the $10 plan on a test clock, half a month into it, and some coupons. */
async function subscribed(mode: Mode, params: Partial<Stripe.SubscriptionCreateParams> = {}) {
  const { sandbox, stripe } = await sandboxAndClient()
  const beginner = await aPlan(stripe)
  const daily = await aPlan(stripe, { name: 'Daily', month: 1800, year: 18_000 })
  await stripe.coupons.create({ id: 'half', percent_off: 50, duration: 'forever' })
  await stripe.coupons.create({ id: 'all', percent_off: 100, duration: 'forever' })
  await stripe.coupons.create({ id: 'once', percent_off: 50, duration: 'once' })
  await stripe.coupons.create({ id: 'three', amount_off: 300, currency: 'usd', duration: 'once' })
  const clock = await stripe.testHelpers.testClocks.create({ frozen_time: START })
  const customer = await aCustomer(stripe, 'pm_card_visa', { test_clock: clock.id })
  const { id, items } = await stripe.subscriptions.create({
    customer: customer.id,
    items: [{ price: beginner.monthly.id }],
    billing_mode: MODES[mode],
    ...params,
  })
  const item = items.data[0]!.id
  const advanceTo = async (moment: number) => {
    await stripe.testHelpers.testClocks.advance(clock.id, { frozen_time: moment })
    await sandbox.idle()
  }
  await advanceTo(START + 15 * DAY)
  /** Changes the one item at once and returns the invoice, which must equal its preview. */
  const change = async (to: { price?: string; quantity?: number }) => {
    const request = { items: [{ id: item, ...to }], proration_behavior: 'always_invoice' as const }
    const preview = await stripe.invoices.createPreview({ subscription: id, subscription_details: request })
    const changed = await stripe.subscriptions.update(id, { ...request, expand: ['latest_invoice'] })
    const invoice = changed.latest_invoice as Stripe.Invoice
    expect(sumsOf(preview)).toEqual(sumsOf(invoice))
    expectSums(invoice)
    return invoice
  }
  return { sandbox, stripe, beginner, daily, customer, id, item, advanceTo, change }
}

const discounted = { discounts: [{ coupon: 'half' }] }
const off = (line: Stripe.InvoiceLineItem) => (line.discount_amounts ?? []).reduce((sum, { amount }) => sum + amount, 0)
const linesOf = ({ lines }: Stripe.Invoice) => lines.data.map((line) => [line.amount, off(line)])
const sumsOf = (invoice: Stripe.Invoice) => {
  const { subtotal, total, amount_due, total_discount_amounts } = invoice
  return { lines: linesOf(invoice), subtotal, total, amount_due, total_discount_amounts }
}

/** Σ lines − Σ discounts (+ tax) = total, in every field that states it. */
function expectSums({ lines, subtotal, total, total_discount_amounts: discounts, total_taxes: taxes }: Stripe.Invoice) {
  const gross = lines.data.reduce((sum, { amount }) => sum + amount, 0)
  const less = lines.data.reduce((sum, line) => sum + off(line), 0)
  const tax = (taxes ?? []).reduce((sum, { amount }) => sum + amount, 0)
  expect(subtotal).toBe(gross)
  expect((discounts ?? []).reduce((sum, { amount }) => sum + amount, 0)).toBe(less)
  expect(total).toBe(gross - less + tax)
}

describe('an upgrade with a 50% coupon that lasts', () => {
  test.each<[Mode, number[][]]>([
    [
      'classic',
      [
        [-250, 0],
        [450, 0],
      ],
    ],
    [
      'included',
      [
        [-250, 0],
        [450, 0],
      ],
    ],
    [
      'itemized',
      [
        [-500, -250],
        [900, 450],
      ],
    ],
  ])('an upgrade in the mode %s has the same total, with different lines', async (mode, lines) => {
    const { change, daily } = await subscribed(mode, discounted)
    const invoice = await change({ price: daily.monthly.id })
    expect(linesOf(invoice)).toEqual(lines)
    expect(invoice).toMatchObject({ total: 200, amount_paid: 200 })
    for (const { discountable, discounts } of invoice.lines.data) {
      expect(discountable).toBe(false)
      expect(discounts).toHaveLength(1)
    }
  })

  test('an itemized change to yearly credits the rest of the month at its price and charges the year', async () => {
    const { change, beginner } = await subscribed('itemized', discounted)
    const invoice = await change({ price: beginner.yearly.id })
    expect(linesOf(invoice)).toEqual([
      [-500, -250],
      [10_000, 5000],
    ])
    expect(invoice.amount_paid).toBe(4750)
    expect(invoice.total_discount_amounts).toMatchObject([{ amount: 4750 }])
  })

  test('pending items state gross and net amounts, and which debit is credited', async () => {
    const { stripe, id, item, customer, daily } = await subscribed('itemized', discounted)
    const [first] = (await stripe.invoices.list({ customer: customer.id })).data
    await stripe.subscriptions.update(id, { items: [{ id: item, price: daily.monthly.id }] })
    const [debit, credit] = (await stripe.invoiceItems.list({ customer: customer.id, pending: true })).data
    expect(debit).toMatchObject({ amount: 900, net_amount: 450, proration_details: { credited_items: null } })
    expect(credit).toMatchObject({
      amount: -500,
      net_amount: -250,
      proration_details: {
        discount_amounts: [{ amount: -250 }],
        credited_items: {
          invoice_line_item_details: { invoice: first!.id, invoice_line_items: [first!.lines.data[0]!.id] },
        },
      },
    })
    await stripe.subscriptions.update(id, { items: [{ id: item, quantity: 2 }] })
    const [, again] = (await stripe.invoiceItems.list({ customer: customer.id, pending: true })).data
    expect(again).toMatchObject({
      amount: -900,
      net_amount: -450,
      proration_details: { credited_items: { type: 'invoice_item', invoice_item: debit!.id } },
    })
  })
})

describe('the credit for unused time in flexible mode', () => {
  test.each<[Mode, number[]]>([
    ['classic', [-500, 0]],
    ['included', [-250, 0]],
    ['itemized', [-500, -250]],
  ])('a used-up coupon reduces the credit in flexible modes only (here %s)', async (mode, back) => {
    const { change, daily } = await subscribed(mode, { discounts: [{ coupon: 'once' }] })
    expect(linesOf(await change({ price: daily.monthly.id }))).toEqual([back, [900, 0]])
  })

  test.each<[Mode, number[]]>([
    ['classic', [-500, 0]],
    ['included', [-350, 0]],
    ['itemized', [-500, -150]],
  ])(
    'a coupon in money reduces the credit of half a month by half of it in flexible modes (here %s)',
    async (mode, back) => {
      const { change, daily } = await subscribed(mode, { discounts: [{ coupon: 'three' }] })
      expect(linesOf(await change({ price: daily.monthly.id }))).toEqual([back, [900, 0]])
    },
  )

  test.each<[Mode, number, number[]]>([
    ['classic', -250, [-500, 0]],
    ['included', -500, [-500, 0]],
    ['itemized', -500, [-1000, -500]],
  ])('a coupon added later reduces the credit in classic mode only (here %s)', async (mode, back, again) => {
    const { stripe, id, change } = await subscribed(mode)
    await stripe.subscriptions.update(id, { discounts: [{ coupon: 'half' }] })
    expect(linesOf(await change({ quantity: 2 }))[0]).toEqual([back, 0])
    // The second change credits the newest debit.
    expect(linesOf(await change({ quantity: 3 }))[0]).toEqual(again)
  })

  test('a 100% coupon leaves nothing to pay and nothing to credit', async () => {
    const { change, daily, beginner } = await subscribed('itemized', { discounts: [{ coupon: 'all' }] })
    const up = await change({ price: daily.monthly.id })
    expect(linesOf(up)).toEqual([
      [-500, -500],
      [900, 900],
    ])
    expect(up).toMatchObject({ total: 0, amount_due: 0, status: 'paid' })
    const down = await change({ price: beginner.monthly.id })
    expect(linesOf(down)).toEqual([
      [-900, -900],
      [500, 500],
    ])
    expect(down).toMatchObject({ total: 0, ending_balance: 0 })
  })

  test('an immediate cancellation with prorations credits what was paid', async () => {
    const { stripe, id, customer } = await subscribed('itemized', discounted)
    await stripe.subscriptions.cancel(id, { prorate: true, invoice_now: true })
    const [invoice] = (await stripe.invoices.list({ customer: customer.id, limit: 1 })).data
    expect(linesOf(invoice!)).toEqual([[-500, -250]])
    expect(invoice).toMatchObject({ total: -250, total_discount_amounts: [{ amount: -250 }] })
    expectSums(invoice!)
    expect(await stripe.customers.retrieve(customer.id)).toMatchObject({ balance: -250 })
  })

  test('a change without prorations leaves no debit, so today’s price and discounts count', async () => {
    const { stripe, id, item, daily, change } = await subscribed('itemized', discounted)
    await stripe.subscriptions.update(id, {
      items: [{ id: item, price: daily.monthly.id }],
      proration_behavior: 'none',
    })
    expect(linesOf(await change({ quantity: 2 }))).toEqual([
      [-900, -450],
      [1800, 900],
    ])
  })

  test('the free time of a trial is not credited', async () => {
    const { stripe, id, customer } = await subscribed('classic', { trial_period_days: 20 })
    await stripe.subscriptions.cancel(id, { prorate: true, invoice_now: true })
    expect((await stripe.invoices.list({ customer: customer.id })).data).toHaveLength(1)
  })
})

describe('a coupon that applies once', () => {
  test('the coupon is used up by an upgrade that it reduces', async () => {
    const { stripe, id, change, daily } = await subscribed('itemized')
    await stripe.subscriptions.update(id, { discounts: [{ coupon: 'once' }] })
    expect(linesOf(await change({ price: daily.monthly.id }))).toEqual([
      [-500, 0],
      [900, 450],
    ])
    expect((await stripe.subscriptions.retrieve(id)).discounts).toEqual([])
  })

  test('the coupon is not used up by a credit', async () => {
    const { stripe, id, daily, customer, item } = await subscribed('itemized')
    await stripe.subscriptions.update(id, { items: [{ price: daily.monthly.id }], proration_behavior: 'none' })
    const { items } = await stripe.subscriptions.update(id, { discounts: [{ coupon: 'once' }] })
    const added = items.data.find((one) => one.id !== item)!
    await stripe.subscriptions.update(id, {
      items: [{ id: added.id, deleted: true }],
      proration_behavior: 'always_invoice',
    })
    const [invoice] = (await stripe.invoices.list({ customer: customer.id, limit: 1 })).data
    expect(linesOf(invoice!)).toEqual([[-900, -450]])
    expect((await stripe.subscriptions.retrieve(id)).discounts).toHaveLength(1)
  })
})

describe('the sums that a customer sees', () => {
  test('the sums on the invoice page, with tax and in the older API shape, add up', async () => {
    const { stripe, id, change, daily, customer } = await subscribed('itemized', discounted)
    await stripe.customers.update(customer.id, { address: { country: 'DE' } })
    await stripe.subscriptions.update(id, { automatic_tax: { enabled: true } })
    const invoice = await change({ price: daily.monthly.id })
    expect(invoice).toMatchObject({ subtotal: 400, total: 239, total_taxes: [{ amount: -47 }, { amount: 86 }] })

    const page = await (await fetch(invoice.hosted_invoice_url!)).text()
    for (const sum of ['\u2212$5.00', '$9.00', '$4.00', '\u2212$2.00', '$2.39']) expect(page).toContain(sum)
    expect((await fetch(invoice.invoice_pdf!)).status).toBe(200)

    interface OldInvoice {
      tax: number
      total: number
      total_discount_amounts: { amount: number }[]
      lines: { data: { amount: number; proration: boolean; discount_amounts: { amount: number }[] }[] }
    }
    const old = (await stripe.invoices.retrieve(invoice.id, {}, { apiVersion: '2024-06-20' })) as unknown as OldInvoice
    expect(old.lines.data).toMatchObject([
      { amount: -500, proration: true, discount_amounts: [{ amount: -250 }] },
      { amount: 900, proration: true, discount_amounts: [{ amount: 450 }] },
    ])
    expect(old.total).toBe(-500 + 900 - old.total_discount_amounts[0]!.amount + old.tax)
  })

  test('the sums in the portal, before a change is confirmed, add up', async () => {
    const { stripe, id, item, daily, customer } = await subscribed('itemized', discounted)
    const { url } = await stripe.billingPortal.sessions.create({
      customer: customer.id,
      return_url: 'http://localhost/',
    })
    const page = await (await fetch(`${url}/confirm/${id}?item=${item}&price=${daily.monthly.id}`)).text()
    const rows = [...page.matchAll(/<th scope="row">\s*([^<]+?)\s*<[^]*?<td>([^<]+)<\/td>/g)].map(([, label, sum]) => [
      label,
      sum,
    ])
    expect(rows.slice(-4)).toEqual([
      ['Unused time on Beginner after 16 Apr 2026', '\u2212$5.00'],
      ['Remaining time on Daily after 16 Apr 2026', '$9.00'],
      ['Discount', '\u2212$2.00'],
      ['Due today', '$2.00'],
    ])
  })

  test('the sums at the renewal, together with pending items, add up', async () => {
    const { stripe, id, item, customer, advanceTo } = await subscribed('itemized', discounted)
    await stripe.subscriptions.update(id, { items: [{ id: item, quantity: 3 }] })
    await advanceTo(START + 30 * DAY + 2 * 3600)
    const [renewal] = (await stripe.invoices.list({ customer: customer.id, limit: 1 })).data
    expect(linesOf(renewal!)).toEqual([
      [-500, -250],
      [1500, 750],
      [3000, 1500],
    ])
    expect(renewal).toMatchObject({ total: 2000, status: 'paid', total_discount_amounts: [{ amount: 2000 }] })
    expectSums(renewal!)
  })
})
