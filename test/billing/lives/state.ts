import type { Types } from 'mongoose'
import { hasLiveSubscription } from '#app/billing/subscription-state.ts'
import { now } from '#app/clock.server.ts'
import { BillingHistoryModel } from '#models/billing-history.server.ts'
import { CreditAccountModel } from '#models/credit-account.server.ts'
import { PaymentModel } from '#models/payment.server.ts'
import { readUser } from '../scenario.ts'
import type { Ledger } from './ledger.ts'
import type { Truth } from './truth.ts'

/** The app's own state in the same words as the truth, read from the database. */
export async function stateOf(userId: Types.ObjectId, ledger: Ledger): Promise<Truth> {
  const { subscription } = await readUser(userId)
  const isLive = hasLiveSubscription(subscription)
  const state: Truth = {
    subscription: {
      plan: subscription?.plan ?? 'Free',
      interval: subscription?.interval ?? null,
      status: isLive ? (subscription?.status ?? null) : null,
      cancelAtPeriodEnd: subscription?.cancelAtPeriodEnd ?? false,
      currentPeriodEnd: subscription?.currentPeriodEnd ? subscription.currentPeriodEnd.getTime() / 1000 : null,
    },
    invoices: {},
    packs: {},
    reversed: ledger.reversed,
    credits: ledger.bought,
    openDisputes: [],
  }
  const rows = await BillingHistoryModel.find({ userId }).lean()
  for (const { stripeInvoiceId: id, amount, creditsAdded, amountRefunded: refunded } of rows) {
    if (state.invoices[id]) throw new Error(`Two rows of ${id}`)
    state.invoices[id] = { amount, creditsAdded, refunded }
  }
  checkMarks(rows, isLive ? (subscription?.stripeSubscriptionId ?? null) : null)
  const payments = await PaymentModel.find({ userId }).lean()
  for (const { stripePaymentIntentId: id, amount, creditsAdded, amountRefunded: refunded } of payments) {
    state.packs[id] = { amount, creditsAdded, refunded }
  }
  const account = await CreditAccountModel.findById(userId).lean()
  const freezes = account?.freezes ?? []
  state.openDisputes = freezes
    .filter((cause) => cause.startsWith('dispute:'))
    .map((cause) => cause.slice(8))
    .sort()
  checkPause(freezes.includes('past_due'), subscription)
  return state
}

/** One row is the current one: the newest payment of the subscription that lives, if it has any. */
function checkMarks(
  rows: {
    stripeSubscriptionId?: string | null
    transactionDate: Date
    isCurrentSubscription: boolean
    status: string
  }[],
  live: string | null,
): void {
  const marked = rows.filter((row) => row.isCurrentSubscription)
  const dates = rows
    .filter((row) => live !== null && row.stripeSubscriptionId === live)
    .map((row) => row.transactionDate.getTime())
  const newest = Math.max(...dates)
  const fits =
    dates.length === 0
      ? marked.length === 0
      : marked.length === 1 &&
        marked[0]!.stripeSubscriptionId === live &&
        marked[0]!.transactionDate.getTime() === newest
  if (!fits) throw new Error(`${marked.length} rows are marked as current, of ${dates.length} of the live subscription`)
  for (const { stripeSubscriptionId, status } of rows) {
    if (stripeSubscriptionId && stripeSubscriptionId !== live && status === 'active')
      throw new Error(`A payment of ${stripeSubscriptionId} still counts as active`)
    if (stripeSubscriptionId === live && status === 'cancelled')
      throw new Error(`A payment of ${live} counts as cancelled`)
  }
}

/** Spending waits for the money exactly when a payment is owed and its grace is over. */
function checkPause(isPaused: boolean, subscription: Awaited<ReturnType<typeof readUser>>['subscription']): void {
  const { status, gracePeriodEnd = null } = subscription ?? {}
  if ((status === 'past_due' || status === 'unpaid') !== (gracePeriodEnd !== null)) {
    throw new Error(`${status} with a grace period until ${gracePeriodEnd?.toISOString() ?? 'never'}`)
  }
  const must = status === 'unpaid' || (gracePeriodEnd !== null && gracePeriodEnd <= now())
  if (must !== isPaused) throw new Error(`${status}: spending is ${isPaused ? 'paused' : 'open'}`)
}
