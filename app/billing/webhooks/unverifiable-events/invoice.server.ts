import type { User } from '#models/user.server.ts'
import { resolveUser } from '../../customers/resolve-user.server.ts'
import { noteConfirmation } from '../../dunning/bank-confirmation.server.ts'
import { recordInvoice } from '../../invoices/record-paid-invoice.server.ts'
import { mainLine } from '../../line-items/main-line.ts'
import { soldLines } from '../../line-items/sold-lines.server.ts'
import { done, ignored, type Outcome } from '../../outcome.ts'
import { readInvoice, type StripeInvoice } from '../../stripe/objects/invoice.ts'
import { asStored, unknownSubscription } from '../../subscriptions/stored-subscription.ts'
import { notifyUnpaid } from '../../subscriptions/subscription-mails.server.ts'
import { syncSubscriptions } from '../../subscriptions/sync-subscriptions.server.ts'
import type { EventObject } from '../event.ts'
import { type SubscriptionSnapshot, takeSnapshot } from './subscription.server.ts'

type Stored = User['subscription']

/** A paid invoice's event says what was paid, and that its subscription is active until the end of the period. */
export async function takePaidInvoiceEvent(object: EventObject, at: Date): Promise<Outcome> {
  const invoice = readInvoice(object)
  const user = invoice.isPaid ? await resolveUser(invoice) : null
  const snapshot = user && (await paidSnapshot(invoice, { at, stored: user.subscription }))
  const outcome = await recordInvoice(invoice)
  if (user && snapshot) await takeSnapshot(user._id, snapshot)
  return outcome
}

/** The event of a failed invoice says that a payment of the stored subscription is due. */
export const takeUnpaidInvoiceEvent = (object: EventObject, at: Date): Promise<Outcome> =>
  takeUnpaid(object, at, { isConfirmationAsked: false })

/** The same, when the bank asks for confirmation. */
export const takeConfirmationEvent = (object: EventObject, at: Date): Promise<Outcome> =>
  takeUnpaid(object, at, { isConfirmationAsked: true })

async function takeUnpaid(object: EventObject, at: Date, asked: { isConfirmationAsked: boolean }): Promise<Outcome> {
  const invoice = readInvoice(object)
  const user = await resolveUser(invoice)
  if (!user) return ignored(`The customer of ${invoice.id} is not ours.`)
  const snapshot = unpaidSnapshot(invoice, { at, stored: user.subscription })
  const after = await (snapshot ? takeSnapshot(user._id, snapshot) : syncSubscriptions(user._id))
  const notified = await notifyUnpaid(after, invoice, asked)
  if (notified) await noteConfirmation(after, notified === 'confirmation')
  return done(`The subscription is ${after.subscription?.status ?? 'none'}.`)
}

async function paidSnapshot(
  invoice: StripeInvoice,
  { at, stored }: { at: Date; stored: Stored },
): Promise<SubscriptionSnapshot | null> {
  const { subscriptionId, customerId, createdAt, lines } = invoice
  const main = mainLine(await soldLines(lines))
  const line = lines.find(({ periodStart, amount }) => periodStart === main?.periodStart && amount === main.amount)
  if (!subscriptionId || !main || !line?.priceId) return null
  const { periodStart, periodEnd } = main
  const known = stored?.stripeSubscriptionId === subscriptionId ? stored : null
  const isTrial = main.amount === 0 && main.unitAmount !== '0'
  const subscription = {
    ...unknownSubscription(subscriptionId, customerId),
    status: isTrial ? 'trialing' : 'active',
    createdAt,
    hasCancelFlag: known?.cancelAtPeriodEnd ?? false,
    cancelAt: known?.cancelAt ?? null,
    trialEnd: isTrial ? main.periodEnd : null,
    periodStart,
    periodEnd,
    latestInvoiceId: invoice.id,
    items: [{ id: '', priceId: line.priceId, name: null, quantity: main.quantity, periodStart, periodEnd }],
  }
  return { subscription, at }
}

function unpaidSnapshot(
  { subscriptionId, customerId, billingReason, isOpen }: StripeInvoice,
  { at, stored }: { at: Date; stored: Stored },
): SubscriptionSnapshot | null {
  if (!isOpen || !subscriptionId || stored?.stripeSubscriptionId !== subscriptionId) return null
  if (billingReason !== null && billingReason !== 'subscription_cycle') return null
  const known = asStored({ ...stored, stripeSubscriptionId: subscriptionId }, customerId)
  return { subscription: { ...known, status: 'past_due' }, at }
}
