import type { Types } from 'mongoose'
import { now } from '../../clock.server.ts'
import { getBalance } from '../../credits/balance.server.ts'
import { stripeInvoiceKey, stripePaymentKey } from '../../credits/keys.ts'
import { isNews } from '../../notifications/news.ts'
import { notify } from '../../notifications/outbox.server.ts'
import { billingIntervalOf, comesMonthly } from '../billing-interval.ts'
import { readUser } from '../customers/users.server.ts'
import { findPlan } from '../plans.ts'
import { notifyCreditsArrived } from '../purchases/credits-arrived.server.ts'
import { describePurchase, findPurchase, type Purchase } from '../purchases/purchase.server.ts'
import { isSecondTrialOfCard } from './trial-card.server.ts'

/* Receipts. A mail is queued each time its cause is seen; the outbox keeps one per cause. */

const LINK_MAX = 2_000

/** An invoice was paid: sends a receipt or, if it cost nothing, a mail about its credits. */
export async function notifyInvoicePaid(invoiceId: string): Promise<void> {
  const purchase = await findPurchase({ type: 'invoice', id: invoiceId })
  if (!purchase || !isNews(purchase.paidAt, now())) return
  const { userId, name: plan, creditsAdded } = purchase
  if (await isSecondTrialOfCard(invoiceId)) {
    await notify({ kind: 'trial_without_credits', userId, key: invoiceId, data: { plan } })
  }
  const credits = isDrip(purchase) ? await creditsHere(userId, invoiceId) : creditsAdded
  await notifyPaid(purchase, stripeInvoiceKey(invoiceId), credits)
}

/** The same for a credit pack. */
export async function notifyPackPaid(paymentId: string): Promise<void> {
  const purchase = await findPurchase({ type: 'payment', id: paymentId })
  if (!purchase || !isNews(purchase.paidAt, now())) return
  await notifyPaid(purchase, stripePaymentKey(paymentId), purchase.creditsAdded)
}

async function notifyPaid(purchase: Purchase, grantKey: string, credits: number): Promise<void> {
  const { key, userId, amount, currency, paidAt, url } = purchase
  const description = describePurchase(purchase, (await readUser(userId)).timeZone)
  const data = { amount, currency, description, credits, paidAt, invoiceUrl: linkOrNull(url) }
  if (amount > 0) await notify({ kind: 'payment_receipt', userId, key: key.id, data })
  else if (credits > 0) await notifyCreditsArrived(userId, grantKey, { credits, description })
}

/** Paid at once; its credits are added month by month. */
function isDrip(purchase: Purchase): boolean {
  const [plan, billingInterval] = [findPlan(purchase.name), billingIntervalOf(purchase)]
  return plan !== null && billingInterval !== null && comesMonthly(plan, billingInterval)
}

/** Credits of an invoice added so far; later ones get their own mail. */
async function creditsHere(userId: Types.ObjectId, invoiceId: string): Promise<number> {
  const { grants } = await getBalance(userId)
  return grants
    .filter(({ source, started }) => started && source.type === 'invoice' && source.id === invoiceId)
    .reduce((sum, { granted }) => sum + granted, 0)
}

function linkOrNull(url: string | null | undefined): string | null {
  return url && url.length <= LINK_MAX && /^https?:\/\//.test(url) && URL.canParse(url) ? url : null
}
