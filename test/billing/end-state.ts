import { listBillingHistory } from '#app/billing/purchases/list-history.server.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import { settleAccount } from '#app/credits/settle.server.ts'
import { CreditEntryModel } from '#models/credit-entry.server.ts'
import type { User } from '#models/user.server.ts'
import { readUser } from '#test/billing/scenario.ts'

const DAY_MS = 86_400_000
const days = (from: Date | null, to: Date | null) =>
  from && to ? Math.round((to.getTime() - from.getTime()) / DAY_MS) : null

/**
 * The end state of a customer's life without ids and dates: two equal lives have equal end states, whatever
 * the order and shape of their events.
 */
export async function endOf({ _id }: User) {
  await settleAccount(_id)
  const { subscription, stripeCustomerId } = await readUser(_id)
  const { credits, held, frozen, debt } = await getBalance(_id)
  const entries = await CreditEntryModel.collection.find({ accountId: _id }).toArray()
  const rows = await listBillingHistory(_id)
  return {
    balance: { credits, held, frozen, debt },
    hasCustomer: Boolean(stripeCustomerId),
    subscription: subscription && {
      plan: subscription.plan,
      interval: subscription.interval,
      status: subscription.status,
      cancelAtPeriodEnd: subscription.cancelAtPeriodEnd,
      endedReason: subscription.endedReason ?? null,
      isStored: Boolean(subscription.stripeSubscriptionId),
      days: days(subscription.currentPeriodStart ?? null, subscription.currentPeriodEnd ?? null),
      grace: subscription.gracePeriodEnd ?? null,
    },
    rows: rows.map((row) => ({
      kind: row.kind,
      plan: row.planName,
      interval: row.interval,
      amount: row.amount,
      refunded: row.amountRefunded,
      currency: row.currency,
      credits: row.creditsAdded,
      status: row.status,
      reason: row.statusReason,
      billingReason: row.billingReason,
      isCurrent: row.isCurrentSubscription,
      days: days(row.periodStart, row.periodEnd),
      hasInvoice: Boolean(row.hostedInvoiceUrl),
    })),
    entries: entries.map(({ kind, amount }) => `${String(kind)} ${String(amount)}`).sort(),
  }
}
