import type { mongo, Types } from 'mongoose'
import { hasLiveSubscription } from '#app/billing/subscription-state.ts'
import { now } from '#app/clock.server.ts'
import { settleAccount } from '#app/credits/settle.server.ts'
import { BillingHistoryModel } from '#models/billing-history.server.ts'
import { CreditAccountModel } from '#models/credit-account.server.ts'
import { type CreditEntry, CreditEntryModel } from '#models/credit-entry.server.ts'
import { PaymentModel } from '#models/payment.server.ts'
import { readUser } from '../scenario.ts'
import type { Truth } from './truth.ts'

/** The app's own state in the same words as the truth, read from the database. */
export async function stateOf(userId: Types.ObjectId): Promise<Truth> {
  await settleAccount(userId)
  const { subscription } = await readUser(userId)
  const isLive = hasLiveSubscription(subscription)
  const state: Truth = {
    subscription: {
      plan: subscription?.plan ?? 'Free',
      interval: subscription?.interval ?? null,
      status: isLive ? (subscription?.status ?? null) : null,
      cancelAtPeriodEnd: subscription?.cancelAtPeriodEnd ?? false,
    },
    invoices: {},
    packs: {},
    reversed: {},
    credits: 0,
    openDisputes: [],
  }
  for (const row of await BillingHistoryModel.find({ userId }).lean()) {
    const { stripeInvoiceId: id, amount, creditsAdded, amountRefunded: refunded } = row
    if (state.invoices[id]) throw new Error(`Two rows of ${id}`)
    state.invoices[id] = { amount, creditsAdded, refunded }
  }
  for (const { stripePaymentIntentId: id, amount, creditsAdded, amountRefunded: refunded } of await PaymentModel.find({
    userId,
  }).lean()) {
    state.packs[id] = { amount, creditsAdded, refunded }
  }
  for (const entry of await entries().find({ accountId: userId }).toArray()) {
    if (entry.kind !== 'spend') state.credits += entry.amount
    if (!entry.of) continue
    const reversed = (state.reversed[entry.of.id] ?? 0) + (entry.cancels ?? 0) - entry.amount
    if (reversed === 0) delete state.reversed[entry.of.id]
    else state.reversed[entry.of.id] = reversed
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

/** Spending waits for the money exactly when a payment is owed and its grace is over. */
function checkPause(isPaused: boolean, subscription: Awaited<ReturnType<typeof readUser>>['subscription']): void {
  const { status, gracePeriodEnd = null } = subscription ?? {}
  if ((status === 'past_due' || status === 'unpaid') !== (gracePeriodEnd !== null)) {
    throw new Error(`${status} with a grace period until ${gracePeriodEnd?.toISOString() ?? 'never'}`)
  }
  const must = status === 'unpaid' || (gracePeriodEnd !== null && gracePeriodEnd <= now())
  if (must !== isPaused) throw new Error(`${status}: spending is ${isPaused ? 'paused' : 'open'}`)
}

const entries = () => CreditEntryModel.collection as unknown as mongo.Collection<CreditEntry>
