import type Stripe from 'stripe'
import { expect, test } from 'vitest'
import { actionsFor, perform } from '#sandbox/stripe/control/actions.ts'
import { objectById } from '#sandbox/stripe/core/lookup.ts'
import { aCustomer, sandboxAndClient } from './harness.ts'
import { differences } from './shape.ts'

/** A paid invoice with two lines, $10 and $90. */
async function twoLines(stripe: Stripe, given: Partial<Stripe.InvoiceCreateParams> = {}) {
  const { id: customer } = await aCustomer(stripe, 'pm_card_visa', { address: { country: 'DE' } })
  for (const amount of [1000, 9000]) await stripe.invoiceItems.create({ customer, amount, currency: 'usd' })
  const draft = await stripe.invoices.create({ customer, pending_invoice_items_behavior: 'include', ...given })
  const invoice = await stripe.invoices.pay(draft.id)
  const lineOf = (amount: number) => invoice.lines.data.find((line) => line.amount === amount)!.id
  const [charge] = (await stripe.charges.list({ customer })).data
  return { invoice: invoice.id, total: invoice.total, small: lineOf(1000), large: lineOf(9000), charge: charge!.id }
}
const line = (id: string, amount: number) => ({ type: 'invoice_line_item' as const, invoice_line_item: id, amount })

test('a credit note credits a line of the invoice, and never more than its amount', async () => {
  const { stripe } = await sandboxAndClient()
  const { invoice, large } = await twoLines(stripe)
  const note = await stripe.creditNotes.create({ invoice, lines: [line(large, 4000)], refund_amount: 4000 })
  expect(note).toMatchObject({ amount: 4000, post_payment_amount: 4000, refunds: [{ amount_refunded: 4000 }] })
  expect(note.lines.data).toMatchObject([{ type: 'invoice_line_item', invoice_line_item: large, amount: 4000 }])
  expect((await stripe.creditNotes.listLineItems(note.id)).data).toHaveLength(1)
  expect(differences('credit_note', note)).toEqual([])
  expect(differences('credit_note_line_item', note.lines.data[0])).toEqual([])
  await expect(stripe.creditNotes.create({ invoice, lines: [line(large, 5001)], credit_amount: 5001 })).rejects.toThrow(
    /more than is left of the invoice line item \(5000\)/,
  )
  await expect(stripe.creditNotes.create({ invoice, lines: [line('il_1', 5)], credit_amount: 5 })).rejects.toThrow(
    /No such invoice line item/,
  )
})

test('part of a line has its part of the discount and of the tax', async () => {
  const { sandbox, stripe } = await sandboxAndClient()
  sandbox.world.run(() => sandbox.world.tables.settings.update('settings', { taxPercentages: { DE: 19 } }))
  await stripe.coupons.create({ id: 'half', percent_off: 50 })
  const { invoice, total, small, large } = await twoLines(stripe, {
    discounts: [{ coupon: 'half' }],
    automatic_tax: { enabled: true },
  })
  expect(total).toBe(5950)
  const part = await stripe.creditNotes.create({ invoice, lines: [line(large, 4500)], credit_amount: 2678 })
  expect(part).toMatchObject({ amount: 2678, discount_amount: 2250 })
  const rest = [line(large, 4500), line(small, 1000)]
  expect(await stripe.creditNotes.create({ invoice, lines: rest, credit_amount: 5950 - 2678 })).toMatchObject({
    amount: 5950 - 2678,
  })
})

test('an earlier refund can be linked to one credit note only', async () => {
  const { stripe } = await sandboxAndClient()
  const { invoice, large, charge } = await twoLines(stripe)
  const { id: refund } = await stripe.refunds.create({ charge, amount: 3000 })
  const note = { invoice, lines: [line(large, 3000)], refunds: [{ refund }] }
  expect(await stripe.creditNotes.create(note)).toMatchObject({ refunds: [{ refund, amount_refunded: 3000 }] })
  expect((await stripe.refunds.list({ charge })).data).toHaveLength(1)
  await expect(stripe.creditNotes.create(note)).rejects.toThrow(/cannot be linked/)
})

test('a custom line of a credit note refers to no invoice line', async () => {
  const { stripe } = await sandboxAndClient()
  const { invoice } = await twoLines(stripe)
  const goodwill = { type: 'custom_line_item' as const, description: 'Goodwill', unit_amount: 250, quantity: 2 }
  const note = await stripe.creditNotes.create({ invoice, lines: [goodwill], credit_amount: 500 })
  expect(note.lines.data).toMatchObject([{ type: 'custom_line_item', amount: 500, description: 'Goodwill' }])
})

test('the control page refunds an invoice line in one click and explains a bare refund', async () => {
  const { sandbox, stripe } = await sandboxAndClient()
  const { invoice, large, charge } = await twoLines(stripe)
  const labels = (id: string) => actionsFor(sandbox, objectById(sandbox.world, id)!).map(({ name }) => name)
  expect(labels(invoice)).toEqual(['refund_line_0', 'refund_line_1'])
  const place = (await stripe.invoices.retrieve(invoice)).lines.data.findIndex(({ id }) => id === large)
  expect(await perform(sandbox, `refund_line_${place}`, invoice)).toMatch(/refunded/)
  expect((await stripe.creditNotes.list({ invoice })).data).toMatchObject([
    { amount: 9000, lines: { data: [{ invoice_line_item: large }] } },
  ])
  expect(await stripe.charges.retrieve(charge)).toMatchObject({ amount_refunded: 9000 })
  expect(await (await fetch(`${sandbox.url}/?object=${charge}`)).text()).toMatch(
    /takes back the same share of its credits/,
  )
})
