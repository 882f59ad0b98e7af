import { createHash, randomUUID } from 'node:crypto'
import { type User, UserModel } from '#models/user.server.ts'
import { creditsAtPayment, type NextPayment, paymentFor, priceOfPeriod } from './period-charge.server.ts'
import { periodToCome } from './upcoming-period.ts'
import { callStripe, isRefused, listAll } from '../stripe/client.server.ts'
import { readInvoice } from '../stripe/objects/invoice.ts'
import type { StripeSchedule } from '../stripe/objects/schedule.ts'
import type { StripeSubscription } from '../stripe/objects/subscription.ts'

/*
 * What a subscription will charge next, as Stripe has it: with its own prices, quantities, coupons and currency. The plan
 * file only says what the credits of a plan are.
 */

type Stored = NonNullable<User['subscription']>

/** What is stored of what a subscription charges. */
export type Charges = Pick<Stored, 'nextPayment' | 'price' | 'nothingElseWaits'>

/**
 * What a subscription will charge next, and what each of its periods costs. Worked out from the subscription itself;
 * Stripe is asked for the invoice to come only where more is on it than the subscription says.
 * @param subscription as it was just read, with its terms
 * @param schedule the one that changes it, or null
 * @param stored what is known of it so far
 * @returns no sum where it cannot be said to the cent
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

/**
 * The same for a subscription that Stripe does not know, by the event that told of it: there is nobody to ask.
 * @param stored what is known of it so far, which stays where the event says nothing
 */
export async function chargesTold(subscription: StripeSubscription, stored: Partial<Charges> | null): Promise<Charges> {
  const period = periodToCome(subscription, null)
  if (!subscription.terms) return { ...UNKNOWN, nextPayment: stored?.nextPayment ?? null, price: stored?.price ?? null }
  const nextPayment = period && period !== 'irregular' ? await paymentFor(period) : null
  return { ...UNKNOWN, nextPayment, price: await priceOfPeriod(subscription.terms) }
}

/**
 * Lets the next look at a subscription ask Stripe again what waits for its next invoice. The new version keeps out whoever
 * has asked before this.
 */
export async function forgetWhatWaits({ _id, subscription }: User): Promise<void> {
  if (!subscription) return
  await UserModel.updateOne(
    { _id, subscription: { $ne: null } },
    { $set: { 'subscription.nothingElseWaits': null, 'subscription.version': randomUUID() } },
  )
}

/** Nothing is charged, or nobody can say what. */
export const UNKNOWN: Charges = { nextPayment: null, price: null, nothingElseWaits: null }

/** Of everything that is charged: when it changes, something may have been put on the next invoice with it. */
const hashOf = ({ id, status, terms }: StripeSubscription, schedule: StripeSchedule | null): string =>
  createHash('sha256')
    .update(JSON.stringify([id, status, terms, schedule?.coming]))
    .digest('hex')
    .slice(0, 24)

/** Prorations, or what the shop has added, wait for the next invoice. */
export async function hasPendingItems({ id, customerId: customer }: StripeSubscription): Promise<boolean> {
  if (!customer) return false
  const pending = await listAll((stripe) => stripe.invoiceItems.list({ customer, pending: true, limit: 100 }))
  return pending.some(({ parent }) => [null, undefined, id].includes(idOf(parent?.subscription_details?.subscription)))
}

const idOf = (given: string | { id: string } | null | undefined): string | null | undefined =>
  typeof given === 'string' ? given : given?.id

/** The invoice to come, by Stripe's own sums: it knows what waits for it, and taxes. */
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
