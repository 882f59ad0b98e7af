import type Stripe from 'stripe'
import { expect, test } from 'vitest'
import { aCustomer, sandboxAndClient } from './harness.ts'

/** An open invoice of $100, and a function that pays a part of it. */
async function anOpenInvoice(stripe: Stripe) {
  const customer = await aCustomer(stripe)
  await stripe.invoiceItems.create({ customer: customer.id, amount: 10_000, currency: 'usd' })
  const draft = await stripe.invoices.create({ customer: customer.id, pending_invoice_items_behavior: 'include' })
  const invoice = await stripe.invoices.finalizeInvoice(draft.id)
  const pay = (amount: number, payment_method = 'pm_card_visa') =>
    stripe.paymentIntents.create({ customer: customer.id, amount, currency: 'usd', payment_method, confirm: true })
  return { customer, invoice, pay }
}
const paymentsOf = async (stripe: Stripe, invoice: string) =>
  (await stripe.invoicePayments.list({ invoice })).data.map(
    ({ is_default, amount_requested, amount_paid, status }) => ({
      is_default,
      amount_requested,
      amount_paid,
      status,
    }),
  )

test('several payments pay an invoice, and the default one covers the rest', async () => {
  const { sandbox, stripe } = await sandboxAndClient()
  const { invoice, pay } = await anOpenInvoice(stripe)
  const { id: payment_intent } = await pay(3000)
  expect(await stripe.invoices.attachPayment(invoice.id, { payment_intent })).toMatchObject({
    status: 'open',
    amount_paid: 3000,
    amount_remaining: 7000,
  })
  expect(await paymentsOf(stripe, invoice.id)).toEqual([
    { is_default: false, amount_requested: 3000, amount_paid: 3000, status: 'paid' },
    { is_default: true, amount_requested: 7000, amount_paid: null, status: 'open' },
  ])
  expect(await stripe.invoices.pay(invoice.id)).toMatchObject({ status: 'paid', amount_paid: 10_000 })
  expect((await paymentsOf(stripe, invoice.id)).map(({ amount_paid }) => amount_paid)).toEqual([3000, 7000])
  expect((await stripe.charges.list()).data.map(({ amount }) => amount)).toEqual([7000, 3000])
  expect(sandbox.events('invoice.paid')).toHaveLength(1)
  expect(sandbox.events('invoice_payment.paid')).toHaveLength(2)
})

test('the default payment is reduced by what others pay, and canceled in the end', async () => {
  const { stripe } = await sandboxAndClient()
  const { customer, invoice, pay } = await anOpenInvoice(stripe)
  const waiting = await stripe.paymentIntents.create({ customer: customer.id, amount: 4000, currency: 'usd' })
  await stripe.invoices.attachPayment(invoice.id, { payment_intent: waiting.id })
  await expect(
    stripe.paymentIntents.confirm(waiting.id, { payment_method: 'pm_card_visa_chargeDeclined' }),
  ).rejects.toMatchObject({ code: 'card_declined' })
  expect(await stripe.invoices.retrieve(invoice.id)).toMatchObject({ attempt_count: 0, amount_remaining: 10_000 })
  await stripe.paymentIntents.confirm(waiting.id, { payment_method: 'pm_card_visa' })
  const { id: payment_intent } = await pay(6000)
  expect(await stripe.invoices.attachPayment(invoice.id, { payment_intent })).toMatchObject({ status: 'paid' })
  expect((await paymentsOf(stripe, invoice.id)).map(({ status }) => status)).toEqual(['paid', 'paid', 'canceled'])
})

test('a payment above the remaining amount or of another invoice is refused', async () => {
  const { stripe } = await sandboxAndClient()
  const { invoice, pay } = await anOpenInvoice(stripe)
  const { id: payment_intent } = await pay(3000)
  await stripe.invoices.attachPayment(invoice.id, { payment_intent })
  await expect(stripe.invoices.attachPayment(invoice.id, { payment_intent })).rejects.toThrow(/cannot be attached/)
  const more = await pay(7001)
  await expect(stripe.invoices.attachPayment(invoice.id, { payment_intent: more.id })).rejects.toThrow(/more than/)
})
