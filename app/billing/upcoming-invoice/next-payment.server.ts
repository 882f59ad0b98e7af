import { createHash, randomUUID } from 'node:crypto'
import { type User, UserModel } from '#models/user.server.ts'
import { callStripe, isRefused, listAll } from '../stripe/client.server.ts'
import { reference } from '../stripe/objects/fields.ts'
import { readInvoice } from '../stripe/objects/invoice.ts'
import type { StripeSchedule } from '../stripe/objects/schedule.ts'
import type { StripeSubscription } from '../stripe/objects/subscription.ts'
import { creditsAtPayment, type NextPayment, paymentFor, priceOfPeriod } from './period-charge.server.ts'
import { periodToCome } from './upcoming-period.ts'

/*
 * What a subscription will charge next, as Stripe has it: with its own prices, quantities, coupons and currency. The
 * plan file only gives the credits of a plan.
 */

type Stored = NonNullable<User['subscription']>

/** The stored charges of a subscription. */
export type Charges = Pick<Stored, 'nextPayment' | 'price' | 'nothingElseWaits'>

/**
 * What a subscription will charge next, and the price of each period. Computed from the subscription; Stripe's invoice
 * preview is read only if the invoice has more on it.
 * @param stored what is known of it so far
 * @returns no amount where it is not known to the cent
 * @throws StripeUnavailable
 */
export async function chargesOf(
  subscription: StripeSubscription,
  schedule: StripeSchedule | null,
  stored: Partial<Charges> | null,
): Promise<Charges> {
  const price = await priceOfPeriod(subscription.terms)
  const period = periodToCome(subscription, schedule)
  if (period === null) return { price, nextPayment: null, nothingElseWaits: null }
  const basis = hashOf(subscription, schedule)
  const isRegular = stored?.nothingElseWaits === basis || !(await hasPendingItems(subscription))
  const payment = isRegular && period !== 'irregular' ? await paymentFor(period) : null
  if (payment) return { price, nextPayment: payment, nothingElseWaits: basis }
  return { price, nextPayment: await previewed(subscription, schedule), nothingElseWaits: isRegular ? basis : null }
}

/** The same for a subscription that Stripe does not know, from its event; what the event omits stays as stored. */
export async function chargesFromEvent(
  subscription: StripeSubscription,
  stored: Partial<Charges> | null,
): Promise<Charges> {
  const period = periodToCome(subscription, null)
  if (!subscription.terms) return { ...UNKNOWN, nextPayment: stored?.nextPayment ?? null, price: stored?.price ?? null }
  const nextPayment = period && period !== 'irregular' ? await paymentFor(period) : null
  return { ...UNKNOWN, nextPayment, price: await priceOfPeriod(subscription.terms) }
}

/** Makes the next sync read the pending invoice items again. The new version invalidates readings started earlier. */
export async function forgetWhatWaits({ _id, subscription }: User): Promise<void> {
  if (!subscription) return
  await UserModel.updateOne(
    { _id, subscription: { $ne: null } },
    { $set: { 'subscription.nothingElseWaits': null, 'subscription.version': randomUUID() } },
  )
}

/** Nothing is charged, or the amount is unknown. */
export const UNKNOWN: Charges = { nextPayment: null, price: null, nothingElseWaits: null }

/** A hash of everything that is charged: when it changes, items may have been added to the next invoice. */
const hashOf = ({ id, status, terms }: StripeSubscription, schedule: StripeSchedule | null): string =>
  createHash('sha256')
    .update(JSON.stringify([id, status, terms, schedule?.coming]))
    .digest('hex')
    .slice(0, 24)

/** Prorations, or items added by the operator, are pending for the next invoice. */
export async function hasPendingItems({ id, customerId: customer }: StripeSubscription): Promise<boolean> {
  if (!customer) return false
  const pending = await listAll((stripe) => stripe.invoiceItems.list({ customer, pending: true, limit: 100 }))
  return pending.some(({ parent }) => [null, id].includes(reference.parse(parent?.subscription_details?.subscription)))
}

/** Stripe's preview of the next invoice, with pending items and taxes. */
async function previewed({ id }: StripeSubscription, schedule: StripeSchedule | null): Promise<NextPayment | null> {
  try {
    const of = schedule ? { schedule: schedule.id } : { subscription: id }
    const invoice = readInvoice(await callStripe((stripe) => stripe.invoices.createPreview(of)))
    const credits = invoice.hasMoreLines ? null : await creditsAtPayment(invoice.lines)
    const { total, currency, periodEnd: at } = invoice
    return credits === null || !at ? null : { amount: Math.max(0, total), currency, credits, at, isExact: true }
  } catch (error) {
    if (isRefused(error)) return null
    throw error
  }
}
