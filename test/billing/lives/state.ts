import type { Types } from 'mongoose'
import { hasLiveSubscription } from '#app/billing/subscriptions/subscription-state.ts'
import { now } from '#app/clock.server.ts'
import { BillingHistoryModel } from '#models/billing-history.server.ts'
import { CreditAccountModel } from '#models/credit-account.server.ts'
import { PaymentModel } from '#models/payment.server.ts'
import { readUser } from '../scenario.ts'
import type { Ledger } from './ledger.ts'
import type { Bought, Truth } from './truth.ts'
import { NONE } from './truth-subscription.ts'

/** The app's own state in the shape of the truth, read from the database. */
export async function stateOf(userId: Types.ObjectId, ledger: Ledger): Promise<Truth> {
  const { subscription } = await readUser(userId)
  const isLive = hasLiveSubscription(subscription)
  const state: Truth = {
    subscription: isLive ? asSold(subscription!) : { ...NONE, plan: subscription?.plan ?? 'Free' },
    invoices: {},
    packs: {},
    reversed: ledger.reversed,
    credits: ledger.bought,
    openDisputes: [],
  }
  const rows = await BillingHistoryModel.find({ userId }).lean()
  for (const row of rows) {
    if (state.invoices[row.stripeInvoiceId]) throw new Error(`${row.stripeInvoiceId} has two rows`)
    const { planName, interval = null, intervalCount = null } = row
    state.invoices[row.stripeInvoiceId] = { ...asBought(row), plan: interval && planName, interval, intervalCount }
  }
  checkMarks(rows, isLive ? (subscription?.stripeSubscriptionId ?? null) : null)
  const payments = await PaymentModel.find({ userId }).lean()
  for (const row of payments) {
    state.packs[row.stripePaymentIntentId] = { ...asBought(row), plan: null, interval: null, intervalCount: null }
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

type Stored = NonNullable<Awaited<ReturnType<typeof readUser>>['subscription']>

const asSold = (stored: Stored): Truth['subscription'] => ({
  plan: stored.plan,
  interval: stored.interval ?? null,
  intervalCount: stored.intervalCount ?? null,
  status: stored.status,
  cancelAtPeriodEnd: stored.cancelAtPeriodEnd,
  cancelAt: stored.cancelAt ? stored.cancelAt.getTime() / 1000 : null,
  currentPeriodEnd: stored.currentPeriodEnd ? stored.currentPeriodEnd.getTime() / 1000 : null,
})

interface Row {
  amount: number
  currency: string
  creditsAdded: number
  amountRefunded: number
  creditsReversed: number
  status: string
}

const GONE = ['disputed', 'dispute_lost', 'refunded', 'partially_refunded'] as const

const asBought = (row: Row): Omit<Bought, 'plan' | 'interval' | 'intervalCount'> => ({
  amount: row.amount,
  currency: row.currency,
  creditsAdded: row.creditsAdded,
  refunded: row.amountRefunded,
  creditsReversed: row.creditsReversed,
  gone: GONE.find((gone) => gone === row.status) ?? null,
})

/** Checks that one row is current: the newest payment of the live subscription, if there is one. */
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
      throw new Error(`A payment of ${live} counts as canceled`)
  }
}

/** Checks that spending is paused exactly when a payment is due and its grace period is over. */
function checkPause(isPaused: boolean, subscription: Awaited<ReturnType<typeof readUser>>['subscription']): void {
  const { status, gracePeriodEnd = null } = subscription ?? {}
  if ((status === 'past_due' || status === 'unpaid') !== (gracePeriodEnd !== null)) {
    throw new Error(`${status} with a grace period until ${gracePeriodEnd?.toISOString() ?? 'never'}`)
  }
  const must = status === 'unpaid' || (gracePeriodEnd !== null && gracePeriodEnd <= now())
  if (must !== isPaused) throw new Error(`${status}: spending is ${isPaused ? 'paused' : 'open'}`)
}
