import type { Types } from 'mongoose'
import { type BillingHistory, BillingHistoryModel } from '#models/billing-history.server.ts'
import { insertOnce } from '#models/insert-once.server.ts'
import { config } from '../../config.server.ts'
import { openAccount } from '../../credits/account.server.ts'
import { resolveUser, unmatchedOutcome } from '../customers/resolve-user.server.ts'
import { CreditsNotComputable } from '../errors.ts'
import { orAskForAttention } from '../findings/attention.server.ts'
import { dropFinding } from '../findings/findings.server.ts'
import { creditsForInvoice } from '../line-items/credits-for-invoice.ts'
import { mainLine } from '../line-items/main-line.ts'
import { purchasedLines, nameOfPurchase } from '../line-items/purchased-lines.ts'
import { soldLines } from '../line-items/sold-lines.server.ts'
import { done, ignored, type Outcome, unknownAtStripe } from '../outcome.ts'
import { welcomeCredits } from '../plans.ts'
import { isOurs } from '../stripe/client.server.ts'
import { coalesced } from '../stripe/coalesce.ts'
import type { StripeInvoice } from '../stripe/objects/invoice.ts'
import { retrieveInvoice } from '../stripe/retrieve-invoice.server.ts'
import { retrieveSubscription } from '../stripe/retrieve-subscription.server.ts'
import { planItemOf } from '../subscriptions/plan-item.server.ts'
import { syncSubscriptions } from '../subscriptions/sync-subscriptions.server.ts'
import { grantForInvoice } from './grant-invoice-credits.server.ts'
import { notifyInvoicePaid } from './receipts.server.ts'
import { withoutSecondTrial } from './trial-card.server.ts'

/**
 * Records a paid invoice once, however often events and reconcile report it: grants the credits under the
 * invoice's key, writes the billing history row with the credits granted, then syncs the subscription.
 * @param invoiceId retrieved from Stripe, since an event may be old
 * @throws NotReadyYet, CreditsNotComputable, CreditsUnavailable, StripeUnavailable: try again later
 */
export const recordPaidInvoice = coalesced(async (invoiceId: string): Promise<Outcome> => {
  const invoice = await retrieveInvoice(invoiceId)
  return invoice ? recordInvoice(invoice) : unknownAtStripe(`Stripe does not know the invoice ${invoiceId}.`)
})

/** Records an invoice as given, if it is paid. */
export async function recordInvoice(invoice: StripeInvoice): Promise<Outcome> {
  const invoiceId = invoice.id
  if (!invoice.isPaid) return ignored(`The invoice ${invoiceId} is not paid.`)
  const user = await resolveUser(invoice)
  if (!user) return unmatchedOutcome(invoice, `The paid invoice ${invoiceId}`, invoice.lines)

  const row = await BillingHistoryModel.findOne({ stripeInvoiceId: invoiceId }).lean()
  const subject = { kind: 'invoice' as const, id: invoiceId }
  const creditsAdded = row?.creditsAdded ?? (await orAskForAttention(subject, () => grantAndRecord(user._id, invoice)))
  if (!row) await dropFinding(subject)
  await syncSubscriptions(user._id)
  await notifyInvoicePaid(invoiceId)
  const sentence = row ? `${invoiceId} was recorded before.` : `${invoiceId} granted ${creditsAdded} credits.`
  return done(sentence, !row)
}

async function grantAndRecord(userId: Types.ObjectId, invoice: StripeInvoice): Promise<number> {
  const lines = await soldLines(invoice.lines)
  const { gracePeriodDays } = config()
  const main = mainLine(lines)
  if (lines.length === 0 && isForSomething(invoice) && !(await isBesidePlan(invoice))) {
    throw new CreditsNotComputable(`${invoice.id} is for a subscription of ours, and none of its prices is known.`)
  }
  const sold = creditsForInvoice(lines, { gracePeriodDays, paidAt: invoice.paidAt })
  const bought = await withoutSecondTrial(userId, invoice, sold)
  await openAccount(userId, { welcomeCredits })
  const creditsAdded = await grantForInvoice(userId, invoice, bought)
  const boughtOf = purchasedLines(invoice.lines, bought.byLine, creditsAdded)
  await insertOnce<BillingHistory>(
    BillingHistoryModel,
    { stripeInvoiceId: invoice.id },
    {
      userId,
      stripeCustomerId: invoice.customerId ?? '',
      stripeInvoiceNumber: invoice.number,
      stripeSubscriptionId: invoice.subscriptionId,
      stripePaymentIntentId: invoice.paymentIntentId,
      planName: main?.plan.name ?? nameOfPurchase(boughtOf),
      interval: main?.interval ?? null,
      intervalCount: main?.intervalCount ?? null,
      amount: invoice.amountPaid,
      currency: invoice.currency,
      creditsAdded,
      lines: boughtOf,
      status: 'active',
      billingReason: invoice.billingReason,
      transactionDate: invoice.paidAt ?? invoice.createdAt,
      periodStart: main?.periodStart ?? invoice.periodStart,
      periodEnd: main?.periodEnd ?? invoice.periodEnd,
      isCurrentSubscription: false,
      hostedInvoiceUrl: invoice.hostedInvoiceUrl,
      invoicePdf: invoice.invoicePdf,
    },
  )
  return creditsAdded
}

/** Money for a plan must not be skipped: someone has to say what its price was for. */
const isForSomething = ({ subscriptionId, metadata, lines }: StripeInvoice): boolean =>
  subscriptionId !== null && isOurs(metadata) && lines.some(({ amount }) => amount > 0)

/**
 * An add-on is invoiced alone when it is added mid-period, or billed more often than the plan; such an invoice has no
 * plan.
 */
async function isBesidePlan({ subscriptionId, lines }: StripeInvoice): Promise<boolean> {
  const subscription = await retrieveSubscription(subscriptionId)
  const plan = subscription && (await planItemOf(subscription))
  return plan !== null && lines.every(({ itemId }) => itemId !== plan.id)
}
