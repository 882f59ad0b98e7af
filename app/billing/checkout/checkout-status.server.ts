import type { Types } from 'mongoose'
import { BillingHistoryModel } from '#models/billing-history.server.ts'
import { PaymentModel } from '#models/payment.server.ts'
import type { CanceledDuplicate, User } from '#models/user.server.ts'
import { now } from '../../clock.server.ts'
import { config } from '../../config.server.ts'
import { readUser } from '../customers/users.server.ts'
import { StripeUnavailable } from '../errors.ts'
import { isSecondTrialOfCard } from '../invoices/trial-card.server.ts'
import { creditsForInvoice } from '../line-items/credits-for-invoice.ts'
import { soldLines } from '../line-items/sold-lines.server.ts'
import { findPack } from '../plans.ts'
import { findAtStripe } from '../stripe/client.server.ts'
import { withDeadline } from '../stripe/deadline.server.ts'
import { readSession, type StripeSession } from '../stripe/objects/checkout-session.ts'
import type { StripeSubscription } from '../stripe/objects/subscription.ts'
import { retrieveInvoice } from '../stripe/retrieve-invoice.server.ts'
import { retrieveSubscription } from '../stripe/retrieve-subscription.server.ts'
import { recentDuplicates } from './recent-duplicates.ts'

export interface CheckoutStatus {
  /**
   * `waiting`: paid, credits not added yet. `arrived`: credits added. `confirming`: the bank has not confirmed yet.
   * `failed`: not paid. `expired`: not paid, and the session is closed. `unknown`: no session of this user.
   * `unreachable`: Stripe does not answer, so the state is unknown; credits are added regardless.
   */
  state: 'waiting' | 'arrived' | 'confirming' | 'failed' | 'expired' | 'unknown' | 'unreachable'
  /** Credits of the payment, if known. */
  credits: number | null
  /**
   * Another plan was bought at the same time, and one of the two was canceled; `isThis`: it is the one of this payment.
   */
  duplicate?: CanceledDuplicate & { isThis: boolean }
  /** The trial grants no credits because another account used this card for a trial. */
  isSecondTrialOfCard?: boolean
}

const unknown: CheckoutStatus = { state: 'unknown', credits: null }

/**
 * The state of a payment, for the page that Stripe redirects to. Read-only: credits are added by webhook, whether or
 * not this page is opened.
 * @param sessionId from the address, so it may be anything
 */
export async function checkoutStatus(
  user: Pick<User, '_id' | 'stripeCustomerId'>,
  sessionId: string,
): Promise<CheckoutStatus> {
  if (!/^cs_\w{1,200}$/.test(sessionId)) return unknown
  try {
    return await withDeadline(() => statusAtStripe(user, sessionId))
  } catch (error) {
    if (error instanceof StripeUnavailable) return { state: 'unreachable', credits: null }
    throw error
  }
}

async function statusAtStripe(
  user: Pick<User, '_id' | 'stripeCustomerId'>,
  sessionId: string,
): Promise<CheckoutStatus> {
  const found = await findAtStripe((stripe) => stripe.checkout.sessions.retrieve(sessionId))
  const session = found && readSession(found)
  const isTheirs =
    session?.userId === user._id.toHexString() || (session && session.customerId === user.stripeCustomerId)
  if (!session || !isTheirs) return unknown
  if (session.status === 'expired') return { state: 'expired', credits: null }
  if (session.status !== 'complete') return unknown
  return session.mode === 'payment' ? packStatus(session) : planStatus(session, user)
}

async function packStatus(session: StripeSession): Promise<CheckoutStatus> {
  const { id, isPaid, metadata, paymentIntentId } = session
  const payment = await PaymentModel.findOne({ stripePaymentIntentId: paymentIntentId ?? id }).lean()
  if (payment) return { state: 'arrived', credits: payment.creditsAdded }
  const credits = findPack(metadata.pack ?? '')?.credits ?? null
  if (isPaid) return { state: 'waiting', credits }
  const intent = paymentIntentId
    ? await findAtStripe((stripe) => stripe.paymentIntents.retrieve(paymentIntentId))
    : null
  return intent?.status === 'processing' ? { state: 'confirming', credits } : { state: 'failed', credits: null }
}

async function planStatus(
  { subscriptionId, isPaid }: StripeSession,
  { _id: userId }: Pick<User, '_id'>,
): Promise<CheckoutStatus> {
  const subscription = await retrieveSubscription(subscriptionId)
  const invoiceId = subscription && (await firstInvoiceOf(subscription))
  if (!invoiceId) return { state: isPaid ? 'waiting' : 'confirming', credits: null }
  const row = await BillingHistoryModel.findOne({ stripeInvoiceId: invoiceId }).lean()
  if (row) {
    const duplicate = await duplicateBeside(userId, subscriptionId)
    return {
      state: 'arrived',
      credits: row.creditsAdded,
      ...(duplicate && { duplicate }),
      ...((await isSecondTrialOfCard(invoiceId)) && { isSecondTrialOfCard: true }),
    }
  }
  const invoice = await retrieveInvoice(invoiceId)
  const bought = invoice && creditsForInvoice(await soldLines(invoice.lines), config())
  const credits = bought ? bought.credits + bought.trialCredits : null
  return { state: isPaid ? 'waiting' : 'confirming', credits }
}

async function duplicateBeside(userId: Types.ObjectId, subscriptionId: string | null) {
  const user = await readUser(userId)
  const recent = recentDuplicates(user, now())
  const own = recent.find(({ stripeSubscriptionId }) => stripeSubscriptionId === subscriptionId)
  if (own) return { ...own, isThis: true }
  const isKept = user.subscription?.stripeSubscriptionId === subscriptionId
  const [other] = isKept ? recent.slice(-1) : []
  return other ? { ...other, isThis: false } : null
}

/** After a renewal the newest invoice is no longer the one of this checkout. */
async function firstInvoiceOf({ id, latestInvoiceId }: StripeSubscription): Promise<string | null> {
  const row = await BillingHistoryModel.findOne({ stripeSubscriptionId: id })
    .sort({ transactionDate: 1 })
    .select({ stripeInvoiceId: 1 })
    .lean()
  return row?.stripeInvoiceId ?? latestInvoiceId
}
