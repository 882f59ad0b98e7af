import type Stripe from 'stripe'
import type { StripeForTests } from '../stripe.ts'
import { unitIn } from './truth-lines.ts'

/** Each debit is rounded to the cent, and each credit is a share of a rounded debit. */
const CENTS = 2

/**
 * Checks the amounts of an invoice: its lines less their discounts are its total, and where a subscription
 * itemizes discounts each proration is the price times the share of its period, before any coupon. Credits are
 * computed from these.
 * @throws Error when it does not
 */
export async function checkWorth({ stripe }: StripeForTests, invoice: Stripe.Invoice): Promise<void> {
  const { id, lines, total, total_taxes: taxes } = invoice
  const tax = (taxes ?? []).reduce((sum, { amount }) => sum + amount, 0)
  const net = lines.data.reduce((sum, line) => sum + line.amount - offOf(line), tax)
  if (net !== total) throw new Error(`The lines of ${id} add up to ${net}, but its total is ${total}`)

  const subscription = invoice.parent?.subscription_details?.subscription as string | undefined
  const prorations = lines.data.filter((line) => detailsOf(line)?.proration)
  if (!subscription || prorations.length === 0) return
  const { billing_mode } = await stripe.subscriptions.retrieve(subscription)
  if (billing_mode.flexible?.proration_discounts !== 'itemized') return
  const all = (await stripe.invoices.list({ subscription, limit: 100 })).data.flatMap((one) => one.lines.data)
  for (const line of prorations) {
    const period = all.find((one) => isPeriodOf(one, line))?.period
    const price = line.pricing?.price_details?.price as string
    if (!period) continue
    const unit = unitIn(await stripe.prices.retrieve(price, { expand: ['currency_options'] }), line.currency)
    const share = (line.period.end - line.period.start) / (period.end - period.start)
    const worth = unit * line.quantity! * share
    if (Math.abs(Math.abs(line.amount) - worth) > CENTS)
      throw new Error(`${id}: “${line.description}” is ${line.amount}, but its time is worth ${worth}`)
  }
}

const offOf = ({ discount_amounts: offs }: Stripe.InvoiceLineItem): number =>
  (offs ?? []).reduce((sum, { amount }) => sum + amount, 0)

const detailsOf = ({ parent }: Stripe.InvoiceLineItem) => parent?.subscription_item_details

/** The line of the whole period that contains a proration. */
function isPeriodOf(one: Stripe.InvoiceLineItem, proration: Stripe.InvoiceLineItem): boolean {
  const details = detailsOf(one)
  return (
    details?.proration === false &&
    details.subscription_item === detailsOf(proration)?.subscription_item &&
    one.period.end === proration.period.end
  )
}
