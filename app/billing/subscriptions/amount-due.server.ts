import { BillingHistoryModel } from '#models/billing-history.server.ts'
import type { User } from '#models/user.server.ts'
import { listAll } from '../stripe/client.server.ts'
import { readInvoice, type StripeInvoice } from '../stripe/objects/invoice.ts'
import type { StripeSubscription } from '../stripe/objects/subscription.ts'
import { isOverdue } from './subscription-state.ts'

/** The amount due for a subscription. Money is in minor units of `currency`. */
export interface Owed {
  /** Over all its invoices. */
  amount: number
  currency: string
  /** Newest first: the first one bills the current period. */
  invoices: [StripeInvoice, ...StripeInvoice[]]
}

/**
 * The amount due for a subscription now, or null. A renewal invoice stays a draft for an hour before it is collected, so
 * drafts count.
 * @throws StripeUnavailable
 */
export async function owedFor({ id, status }: Pick<StripeSubscription, 'id' | 'status'>): Promise<Owed | null> {
  const listed = await Promise.all(
    (['open', 'draft'] as const).map((status) =>
      listAll((stripe) => stripe.invoices.list({ subscription: id, status, limit: 100 }), readInvoice),
    ),
  )
  // An unpaid upgrade is dropped.
  const isUpgrade = ({ billingReason }: StripeInvoice) => billingReason === 'subscription_update' && !isOverdue(status)
  const [newest, ...older] = listed
    .flat()
    .filter((invoice) => invoice.amountLeft > 0 && (invoice.isComing || (invoice.isOpen && !isUpgrade(invoice))))
    .sort((one, other) => other.createdAt.getTime() - one.createdAt.getTime())
  if (!newest) return null
  const invoices: Owed['invoices'] = [newest, ...older]
  return { amount: invoices.reduce((sum, { amountLeft }) => sum + amountLeft, 0), currency: newest.currency, invoices }
}

/** A renewal's draft is collected an hour after its period starts, or somewhat later when Stripe is slow. */
const DRAFT_FOR_MS = 3 * 60 * 60 * 1000

/** Whether anything may be due, by what is stored: otherwise Stripe need not be asked. */
export async function mayOwe({ _id: userId, subscription }: User, at: Date): Promise<boolean> {
  const { status = '', stripeSubscriptionId, currentPeriodStart: start } = subscription ?? {}
  if (!stripeSubscriptionId || status === 'trialing') return false
  if (isOverdue(status)) return true
  if (!start || at.getTime() - start.getTime() > DRAFT_FOR_MS) return false
  return !(await BillingHistoryModel.exists({ userId, stripeSubscriptionId, periodStart: { $gte: start } }))
}

/** The part that pages show, since no page load asks Stripe. Only for overdue plans. */
export async function owedToShow(subscription: StripeSubscription): Promise<NonNullable<User['subscription']>['owed']> {
  const owed = isOverdue(subscription.status) ? await owedFor(subscription) : null
  if (!owed) return null
  const { amount, currency, invoices } = owed
  const [{ id: stripeInvoiceId, createdAt: at, hostedInvoiceUrl: url }, ...before] = invoices
  const older = before.map((invoice) => ({
    stripeInvoiceId: invoice.id,
    amount: invoice.amountLeft,
    at: invoice.createdAt,
    url: invoice.hostedInvoiceUrl,
  }))
  return { amount, currency, stripeInvoiceId, at, url, older }
}
