import { randomUUID } from 'node:crypto'
import Stripe from 'stripe'
import { findPlan } from '#app/billing/plans.ts'
import type { StripeForTests } from '../stripe.ts'
import type { StripeStep } from './steps.ts'

/* Several offers sold at once, on a page or on an invoice of the shop, and paid in one or several parts. */

type StepOf<K> = Extract<StripeStep, { kind: K }>

async function pricesOf(
  { stripe }: StripeForTests,
  { packs, service }: { packs: string[]; service: boolean },
): Promise<string[]> {
  const found = await stripe.prices.list({ lookup_keys: packs.map((id) => `scrip_pack_${id}`) })
  const ids = packs.map((id) => found.data.find(({ lookup_key: key }) => key === `scrip_pack_${id}`)!.id)
  if (!service) return ids
  const product_data = { name: 'Setting up' }
  return [(await stripe.prices.create({ currency: 'usd', unit_amount: 9000, product_data })).id, ...ids]
}

/** A checkout page of the shop: packs, and perhaps a plan beside them. */
export async function sellOnPage(context: StripeForTests, customer: string, step: StepOf<'cart'>): Promise<unknown> {
  const { stripe, sandbox } = context
  const { plan, quantity, coupon, invoice } = step
  const prices = await pricesOf(context, step)
  if (plan) {
    const { lookupKey } = findPlan(plan)!.prices!.month
    prices.push((await stripe.prices.list({ lookup_keys: [lookupKey] })).data[0]!.id)
  }
  const { id } = await stripe.checkout.sessions.create(
    {
      ...{ customer, success_url: 'https://shop.example/thanks', mode: plan ? 'subscription' : 'payment' },
      line_items: prices.map((price, index) => ({ price, quantity: index === 0 && !plan ? quantity : 1 })),
      ...(coupon !== 'none' && { discounts: [{ coupon }] }),
      ...(invoice && !plan && { invoice_creation: { enabled: true } }),
    },
    { idempotencyKey: randomUUID() },
  )
  return sandbox.completeCheckout(id)
}

/** An invoice of packs, or pending items for the plan's next invoice. */
export async function sellOnInvoice(
  context: StripeForTests,
  customer: string,
  step: StepOf<'invoice'>,
): Promise<unknown> {
  const { stripe } = context
  const prices = await pricesOf(context, step)
  if (step.paid === 'next') {
    for (const price of prices) await stripe.invoiceItems.create({ customer, pricing: { price } })
    return true
  }
  const invoice = await stripe.invoices.create({ customer, auto_advance: false })
  for (const [index, price] of prices.entries())
    await stripe.invoiceItems.create({
      ...{ customer, invoice: invoice.id, pricing: { price }, quantity: index === 0 ? step.quantity : 1 },
    })
  const { id, total } = await stripe.invoices.finalizeInvoice(invoice.id)
  if (step.paid === 'parts') {
    await payPart(context, customer, { invoice: id, amount: Math.ceil(total / 3) })
    await payPart(context, customer, { invoice: id, amount: Math.ceil(total / 4) })
  }
  return stripe.invoices.pay(id, { payment_method: 'pm_card_visa' })
}

/** Pays a part of an invoice with a payment of its own. */
export async function payPart(
  { stripe }: StripeForTests,
  customer: string,
  { invoice, amount }: { invoice: string; amount: number },
): Promise<unknown> {
  const { currency } = await stripe.invoices.retrieve(invoice)
  const { id } = await stripe.paymentIntents.create({
    ...{ customer, amount, currency, payment_method: 'pm_card_visa', confirm: true },
  })
  return stripe.invoices.attachPayment(invoice, { payment_intent: id })
}

/** Credits a line of an invoice in the given way; on an open invoice it lowers the amount due. */
export async function giveLineBack(
  { stripe }: StripeForTests,
  customer: string,
  step: StepOf<'creditNote'>,
): Promise<unknown> {
  const status = step.way === 'waive' ? 'open' : 'paid'
  const invoices = (await stripe.invoices.list({ customer, status, limit: 100 })).data.filter(({ total }) => total > 0)
  const invoice = invoices[step.nth % Math.max(1, invoices.length)]
  const lines = invoice?.lines.data.filter(({ amount }) => amount > 0) ?? []
  const line = lines[step.line % Math.max(1, lines.length)]
  if (!invoice || !line) return false
  const amount = Math.ceil(line.amount * step.share)
  const note = {
    invoice: invoice.id,
    lines: [{ type: 'invoice_line_item' as const, invoice_line_item: line.id, amount }],
  }
  const net = await netOf(() => stripe.creditNotes.create(note))
  if (net === 0) return true
  switch (step.way) {
    case 'linked': {
      const refund = await refundOf(stripe, invoice.id, net)
      return stripe.creditNotes.create({ ...note, refunds: [{ refund }] })
    }
    case 'card':
      return stripe.creditNotes.create({ ...note, refund_amount: net })
    case 'elsewhere':
      return stripe.creditNotes.create({ ...note, out_of_band_amount: net })
    default:
      return stripe.creditNotes.create({ ...note, credit_amount: net })
  }
}

/** The net amount of a line, from Stripe's error about a credit note that does not say where its money goes. */
async function netOf(create: () => Promise<unknown>): Promise<number> {
  try {
    await create()
    return 0
  } catch (error) {
    const said = error instanceof Stripe.errors.StripeError && /post payment amount \((\d+)\)/.exec(error.message)
    if (!said) throw error
    return Number(said[1])
  }
}

/** A bare refund of a charge that paid an invoice. */
async function refundOf(stripe: Stripe, invoice: string, amount: number): Promise<string> {
  const expand = ['data.payment.payment_intent']
  const { data } = await stripe.invoicePayments.list({ invoice, expand })
  const charges = data.map(({ payment }) => (payment.payment_intent as Stripe.PaymentIntent).latest_charge as string)
  for (const charge of charges) {
    const { amount: paid, amount_refunded: back } = await stripe.charges.retrieve(charge)
    if (paid - back >= amount) return (await stripe.refunds.create({ charge, amount })).id
  }
  throw new Stripe.errors.StripeInvalidRequestError({
    message: 'No charge has that amount left to refund',
    type: 'invalid_request_error',
  })
}
