import type { Types } from 'mongoose'
import { type BillingHistory, BillingHistoryModel } from '#models/billing-history.server.ts'
import type { User } from '#models/user.server.ts'
import { config } from '../../config.server.ts'
import { openAccount } from '../../credits/account.server.ts'
import { orAskForAttention } from '../findings/attention.server.ts'
import { boughtLines, nameOfPurchase } from '../line-items/purchased-lines.ts'
import { coalesced } from '../stripe/coalesce.ts'
import { creditsForInvoice } from '../line-items/credits-for-invoice.ts'
import { CreditsNotComputable } from '../errors.ts'
import { grantForInvoice } from './grant-invoice-credits.server.ts'
import { mainLine } from '../line-items/main-line.ts'
import { done, ignored, type Outcome } from '../outcome.ts'
import { nobodys, ownerOf } from '../customers/resolve-user.server.ts'
import { tellInvoicePaid } from './receipts.server.ts'
import { planItemOf } from '../subscriptions/plan-item.server.ts'
import { soldLines } from '../line-items/sold-lines.server.ts'
import { welcomeCredits } from '../plans.ts'
import { dropFinding } from '../findings/findings.server.ts'
import { findAtStripe, isOurs, listAll } from '../stripe/client.server.ts'
import { readInvoice, readInvoiceLine, type StripeInvoice } from '../stripe/objects/invoice.ts'
import { readSubscription } from '../stripe/objects/subscription.ts'
import { syncSubscriptions } from '../subscriptions/sync-subscriptions.server.ts'
import { type Told, toldByPaidInvoice } from '../subscriptions/stored-subscription.ts'
import { withoutSecondTrial } from './trial-card.server.ts'
import { upsertOnce } from '../../../models/insert-once.server.ts'

/**
 * Gives what a paid invoice buys, once, whichever event or reconcile brings it and however often: first the credits,
 * keyed by the invoice, then its row in the billing history with the number that was recorded, then the subscription.
 * @param invoiceId read back from Stripe, since an event may be old
 * @param received the event's own object and its time, for an invoice that Stripe no longer knows
 * @throws NotReadyYet, CreditsNotComputable, CreditsUnavailable, StripeUnavailable; then it is to be tried again
 */
export async function processPaidInvoice(
  invoiceId: string,
  received: { object: unknown; at: Date } | null = null,
): Promise<Outcome> {
  const outcome = await processKnownInvoice(invoiceId)
  if (outcome) return outcome
  if (!received) return ignored(`Stripe does not know the invoice ${invoiceId}.`)
  return process(readInvoice(received.object), received.at)
}

const processKnownInvoice = coalesced(async (invoiceId: string): Promise<Outcome | null> => {
  const invoice = await readBack(invoiceId)
  return invoice && process(invoice)
})

async function process(invoice: StripeInvoice, toldAt: Date | null = null): Promise<Outcome> {
  const invoiceId = invoice.id
  if (!invoice.isPaid) return ignored(`The invoice ${invoiceId} is not paid.`)
  const user = await ownerOf(invoice)
  if (!user) {
    return nobodys(
      invoice,
      `The paid invoice ${invoiceId}`,
      invoice.lines.map(({ priceId }) => priceId),
    )
  }

  const row = await BillingHistoryModel.findOne({ stripeInvoiceId: invoiceId }).lean()
  const subject = { kind: 'invoice' as const, id: invoiceId }
  const creditsAdded = row?.creditsAdded ?? (await orAskForAttention(subject, () => grantAndRecord(user._id, invoice)))
  if (!row) await dropFinding(subject)
  await syncSubscriptions(user._id, toldAt && (await toldBy(invoice, user, toldAt)))
  await tellInvoicePaid(invoiceId)
  const sentence = row ? `${invoiceId} was counted before.` : `${invoiceId} brought ${creditsAdded} credits.`
  return done(sentence, !row)
}

async function toldBy(invoice: StripeInvoice, { subscription: stored }: User, at: Date): Promise<Told | null> {
  return toldByPaidInvoice(invoice, { main: mainLine(await soldLines(invoice.lines)), at, stored })
}

/** Reads an invoice with all its lines. */
export async function readBack(invoiceId: string): Promise<StripeInvoice | null> {
  const found = await findAtStripe((stripe) => stripe.invoices.retrieve(invoiceId))
  if (!found) return null
  const invoice = readInvoice(found)
  if (!invoice.hasMoreLines) return invoice
  const lines = await listAll((stripe) => stripe.invoices.listLineItems(invoiceId, { limit: 100 }))
  return { ...invoice, lines: lines.map(readInvoiceLine), hasMoreLines: false }
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
  const boughtOf = boughtLines(invoice.lines, bought.byLine, creditsAdded)
  await upsertOnce<BillingHistory>(
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

/** Money for a plan must not count as nothing: somebody has to say what its price was for. */
const isForSomething = ({ subscriptionId, metadata, lines }: StripeInvoice): boolean =>
  subscriptionId !== null && isOurs(metadata) && lines.some(({ amount }) => amount > 0)

/** An add-on is invoiced alone when it is added in mid-period, or paid more often than the plan: that says no plan. */
async function isBesidePlan({ subscriptionId, lines }: StripeInvoice): Promise<boolean> {
  const found = subscriptionId ? await findAtStripe((stripe) => stripe.subscriptions.retrieve(subscriptionId)) : null
  const plan = found && (await planItemOf(readSubscription(found)))
  return plan !== null && lines.every(({ itemId }) => itemId !== plan.id)
}
