import type { Types } from 'mongoose'
import { type BillingHistory, BillingHistoryModel } from '#models/billing-history.server.ts'
import { type Payment, PaymentModel } from '#models/payment.server.ts'
import { now } from '../../clock.server.ts'
import { getBalance } from '../../credits/balance.server.ts'
import { stripeDisputeKey, stripeInvoiceKey, stripePaymentKey } from '../../credits/keys.ts'
import { formatDate, formatDay } from '../../format.ts'
import { notify } from '../../notifications/outbox.server.ts'
import { besides, joined, purchaseInWords } from '../line-items/purchased-lines.ts'
import type { MoneySource } from '../refunds/charged-purchase.server.ts'
import { findPlan } from '../plans.ts'
import { comesMonthly, rhythmOf } from '../billing-interval.ts'
import type { StripeDispute, StripeRefund } from '../stripe/objects/charge.ts'
import { isSecondTrialOfCard } from './trial-card.server.ts'
import { readUser } from '../customers/users.server.ts'

/*
 * The mails about payments. Each is queued whenever its cause is seen, and the outbox keeps one per cause. What happened
 * long ago, and is only now found by a reconcile, is no news to anybody.
 */

const NEWS_MS = 7 * 24 * 60 * 60 * 1000
const LINK_MAX = 2_000
const DESCRIPTION_MAX = 200

const isNews = (at: Date): boolean => now().getTime() - at.getTime() < NEWS_MS

/** An invoice was paid: a receipt, or, where it cost nothing, word of the credits that it brought. */
export async function tellInvoicePaid(invoiceId: string): Promise<void> {
  const row = await BillingHistoryModel.findOne({ stripeInvoiceId: invoiceId }).lean<BillingHistory>()
  if (!row || !isNews(row.transactionDate)) return
  if (await isSecondTrialOfCard(invoiceId)) {
    await notify({ kind: 'trial_without_credits', userId: row.userId, key: invoiceId, data: { plan: row.planName } })
  }
  await tellPaid(row.userId, {
    key: invoiceId,
    grantKey: stripeInvoiceKey(invoiceId),
    amount: row.amount,
    currency: row.currency,
    description: wordsOfInvoice(row, (await readUser(row.userId)).timeZone),
    credits: isDrip(row) ? await creditsHere(row.userId, invoiceId) : row.creditsAdded,
    paidAt: row.transactionDate,
    invoiceUrl: linkOrNull(row.hostedInvoiceUrl),
  })
}

/** A credit pack was paid: the same for what was bought once. */
export async function tellPackPaid(paymentId: string): Promise<void> {
  const row = await PaymentModel.findOne({ stripePaymentIntentId: paymentId }).lean<Payment>()
  if (!row || !isNews(row.paidAt)) return
  await tellPaid(row.userId, {
    key: paymentId,
    grantKey: stripePaymentKey(paymentId),
    amount: row.amount,
    currency: row.currency,
    description: purchaseInWords(row).slice(0, DESCRIPTION_MAX),
    credits: row.creditsAdded,
    paidAt: row.paidAt,
    invoiceUrl: linkOrNull(row.receiptUrl),
  })
}

interface Paid {
  key: string
  grantKey: string
  amount: number
  currency: string
  description: string
  credits: number
  paidAt: Date
  invoiceUrl: string | null
}

async function tellPaid(userId: Types.ObjectId, { key, grantKey, ...data }: Paid): Promise<void> {
  if (data.amount > 0) await notify({ kind: 'payment_receipt', userId, key, data })
  else if (data.credits > 0) await tellArrived(userId, grantKey, data)
}

/** Credits that no payment of their own brought: a trial's, a gift's, or those that a won dispute gave back. */
async function tellArrived(
  userId: Types.ObjectId,
  key: string,
  { credits, description }: { credits: number; description: string },
): Promise<void> {
  const { credits: balance } = await getBalance(userId)
  await notify({ kind: 'credits_arrived', userId, key, data: { credits, balance, description, expiresAt: null } })
}

/** Where money goes back to: the way it came, the customer's balance, or by means that Stripe does not see. */
type RefundedTo = 'card' | 'balance' | 'elsewhere'

/** Some of a payment went back, and with it this many credits. */
export async function tellRefund(
  { userId, of, currency }: MoneySource,
  { id, amount, createdAt, to = 'card' }: Pick<StripeRefund, 'id' | 'amount' | 'createdAt'> & { to?: RefundedTo },
  credits: number,
): Promise<void> {
  if (!isNews(createdAt)) return
  const description = await wordsOf(of, userId)
  const data = { amount, currency, description, credits, refundedAt: createdAt, to }
  await notify({ kind: 'refund', userId, key: id, data })
}

/** A bank has taken a payment back until a dispute is decided. */
export async function tellDispute(
  { userId, of, currency }: MoneySource,
  { id, amount, createdAt }: StripeDispute,
): Promise<void> {
  if (!isNews(createdAt)) return
  const description = await wordsOf(of, userId)
  await notify({
    kind: 'dispute_opened',
    userId,
    key: id,
    data: { amount, currency, description, openedAt: createdAt },
  })
}

/** A dispute can take a card's bank some months; one that began longer ago was lost long ago, too. */
const DISPUTE_MS = 120 * 24 * 60 * 60 * 1000

/** A dispute was lost: the money is the holder's again, and the credits do not come back. */
export async function tellDisputeLost(
  { userId, of, currency }: MoneySource,
  { id, amount, createdAt }: StripeDispute,
  { credits, lostAt }: { credits: number; lostAt: Date },
): Promise<void> {
  if (!isNews(lostAt) || now().getTime() - createdAt.getTime() > DISPUTE_MS) return
  const description = await wordsOf(of, userId)
  const { frozen } = await getBalance(userId)
  const data = { amount, currency, description, credits, lostAt, isPaused: frozen !== null }
  await notify({ kind: 'dispute_lost', userId, key: id, data })
}

/** A dispute was won, and what it had taken came back. */
export async function tellDisputeWon({ userId }: MoneySource, disputeId: string, credits: number): Promise<void> {
  if (credits <= 0) return
  const description = 'Back after a dispute that was decided for you'
  await tellArrived(userId, stripeDisputeKey(disputeId), { credits, description })
}

/** What a payment was for, in words. */
async function wordsOf(of: MoneySource['of'], userId: Types.ObjectId): Promise<string> {
  if (of.type === 'payment') {
    const row = await PaymentModel.findOne({ stripePaymentIntentId: of.id }).lean<Payment>()
    return row ? purchaseInWords(row).slice(0, DESCRIPTION_MAX) : 'Credits'
  }
  const row = await BillingHistoryModel.findOne({ stripeInvoiceId: of.id }).lean<BillingHistory>()
  return row ? wordsOfInvoice(row, (await readUser(userId)).timeZone) : 'Your plan'
}

/** "Daily, 1 May to 1 Jun 2026 + Credit pack 2000" */
function wordsOfInvoice(row: BillingHistory, timeZone: string): string {
  const { planName, interval, periodStart, periodEnd } = row
  const name = planName.slice(0, 100)
  // What is bought once has no time that it is for.
  const isOnce = row.lines && !interval
  const period =
    periodStart && periodEnd && !isOnce
      ? `, ${formatDay(periodStart, timeZone, periodEnd)} to ${formatDate(periodEnd, timeZone)}`
      : ''
  const more = interval ? besides(row.lines, planName) : []
  return joined([`${name}${period}`, ...more]).slice(0, DESCRIPTION_MAX)
}

/** It is paid at once, and its credits come month by month. */
function isDrip(row: BillingHistory): boolean {
  const [plan, rhythm] = [findPlan(row.planName), rhythmOf(row)]
  return plan !== null && rhythm !== null && comesMonthly(plan, rhythm)
}

/** Credits of an invoice that are there already; the others announce themselves when they come. */
async function creditsHere(userId: Types.ObjectId, invoiceId: string): Promise<number> {
  const { grants } = await getBalance(userId)
  return grants
    .filter(({ source, started }) => started && source.type === 'invoice' && source.id === invoiceId)
    .reduce((sum, { granted }) => sum + granted, 0)
}

function linkOrNull(url: string | null | undefined): string | null {
  return url && url.length <= LINK_MAX && /^https?:\/\//.test(url) && URL.canParse(url) ? url : null
}
