import { BillingHistoryModel } from '#models/billing-history.server.ts'
import type { User } from '#models/user.server.ts'
import { now } from '../../clock.server.ts'
import { StripeUnavailable } from '../errors.ts'
import { withDeadline } from '../stripe/deadline.server.ts'
import { reference } from '../stripe/objects/fields.ts'
import type { StripeInvoice } from '../stripe/objects/invoice.ts'
import { defaultMethodOf } from '../stripe/retrieve-customer.server.ts'
import { paymentIntentsOf, retrieveInvoice } from '../stripe/retrieve-invoice.server.ts'
import { retrieveSubscription } from '../stripe/retrieve-subscription.server.ts'
import { owedFor } from '../subscriptions/amount-due.server.ts'
import { hasLiveSubscription } from '../subscriptions/subscription-state.ts'

interface Sum {
  /** In minor units. */
  amount: number
  currency: string
}

/** What happened to an open payment after a new card was saved. */
export type CardStatus =
  /** No payment is open. */
  | { state: 'saved' }
  | ({ state: 'paying' } & Sum)
  /** `credits` is null while they are not added yet. */
  | ({ state: 'paid'; credits: number | null } & Sum)
  | ({ state: 'declined' } & Sum)
  /** The bank asks for a confirmation, on Stripe's page of the invoice. */
  | ({ state: 'confirm'; url: string | null } & Sum)
  /** Stripe does not answer, so the result is unknown. */
  | { state: 'unreachable' }

/** An older payment says nothing about the new card. */
const RECENT_MS = 60 * 60 * 1000

/**
 * The state of the payment that a new card was saved for. Read-only: the card is charged by the webhook of its change,
 * whether or not this page is opened.
 */
export async function cardStatus(user: User): Promise<CardStatus> {
  try {
    return await withDeadline(() => statusAtStripe(user))
  } catch (error) {
    if (error instanceof StripeUnavailable) return { state: 'unreachable' }
    throw error
  }
}

async function statusAtStripe({ subscription: stored, stripeCustomerId }: User): Promise<CardStatus> {
  const subscription = await retrieveSubscription(hasLiveSubscription(stored) ? stored?.stripeSubscriptionId : null)
  if (!subscription) return { state: 'saved' }
  const owed = await owedFor(subscription)
  const card = await defaultMethodOf(stripeCustomerId)
  if (!owed) return paidStatus(subscription.latestInvoiceId, card)
  const [invoice] = owed.invoices
  const { amount, currency } = owed
  if (!invoice.isOpen) return { state: 'saved' }
  const answer = await answerOf(invoice.id, card)
  if (answer === 'confirm') return { state: 'confirm', amount, currency, url: invoice.hostedInvoiceUrl }
  return { state: answer, amount, currency }
}

async function paidStatus(invoiceId: string | null, card: string | null): Promise<CardStatus> {
  const invoice = await retrieveInvoice(invoiceId)
  if (!invoice?.isPaid || !isRecent(invoice) || invoice.amountPaid === 0) return { state: 'saved' }
  const wasUsed = (await paymentIntentsOf(invoice.id)).some(
    ({ payment_method: used }) => reference.parse(used) === card,
  )
  if (!wasUsed) return { state: 'saved' }
  const row = await BillingHistoryModel.findOne({ stripeInvoiceId: invoice.id }).select({ creditsAdded: 1 }).lean()
  const { amountPaid: amount, currency } = invoice
  return { state: 'paid', amount, currency, credits: row?.creditsAdded ?? null }
}

const isRecent = ({ paidAt }: StripeInvoice): boolean =>
  paidAt !== null && now().getTime() - paidAt.getTime() < RECENT_MS

/** The decline of this card; null while only another card was tried. */
async function answerOf(invoice: string, card: string | null): Promise<'paying' | 'declined' | 'confirm'> {
  for (const { status, last_payment_error: failure, payment_method: used } of await paymentIntentsOf(invoice)) {
    if (status === 'requires_action' && reference.parse(used) === card) return 'confirm'
    if (failure?.payment_method?.id !== card) continue
    return failure?.code === 'authentication_required' ? 'confirm' : 'declined'
  }
  return 'paying'
}
