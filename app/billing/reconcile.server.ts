import { BillingHistoryModel } from '#models/billing-history.server.ts'
import { PaymentModel } from '#models/payment.server.ts'
import { type User, UserModel } from '#models/user.server.ts'
import { type WebhookEvent, WebhookEventModel } from '#models/webhook-event.server.ts'
import { now } from '../clock.server.ts'
import { logger } from '../log.server.ts'
import { processCheckout } from './completed-checkout.server.ts'
import { processDispute } from './dispute.server.ts'
import type { Outcome } from './outcome.ts'
import { processPaidInvoice } from './paid-invoice.server.ts'
import { findPrice } from './prices.server.ts'
import { finishRun, startRun } from './reconcile-runs.server.ts'
import { processRefunds } from './refund.server.ts'
import { listAll } from './stripe.server.ts'
import { readInvoice, readRefund, readSession, readSubscription, type StripeSubscription } from './stripe-shapes.ts'
import { syncSubscriptions } from './subscription.server.ts'
import { toEvent } from './webhooks/event.ts'
import { eventTable } from './webhooks/event-table.ts'
import { takeEvent } from './webhooks/receive.server.ts'

export interface Reconciliation {
  since: Date
  /** How many of each kind were compared. */
  compared: Record<string, number>
  /** What was put right, a sentence each. */
  done: string[]
  /** What could not be, and why; the next run tries again. */
  failed: string[]
}

/** Stripe keeps events for 30 days; what is older is found by walking the objects themselves. */
const FIRST_RUN_MS = 30 * 24 * 60 * 60 * 1000
/** What Stripe made visible late, and what two clocks disagree about. */
const OVERLAP_MS = 60 * 60 * 1000

/**
 * Compares with Stripe and puts right what lost webhooks left undone, through the very functions that webhooks use, so
 * that a second run finds nothing to do.
 * @param options `since`: from when; the start of the last complete run unless told
 * @returns null when another process is at it
 */
export async function reconcile({ since }: { since?: Date } = {}): Promise<Reconciliation | null> {
  const startedAt = now()
  const run = await startRun()
  if (!run) return null
  const from = since ?? new Date((run.lastStart ?? new Date(startedAt.getTime() - FIRST_RUN_MS)).getTime() - OVERLAP_MS)
  const result: Reconciliation = { since: from, compared: {}, done: [], failed: [] }
  try {
    // Events first and in their order; the rest then finds only what no event tells of any more.
    await takeLostEvents(result)
    await compareInvoices(result)
    await comparePacks(result)
    await compareSubscriptions(result)
    await compareRefunds(result)
    await compareDisputes(result)
  } finally {
    await finishRun(run, result.failed.length === 0 ? startedAt : null)
  }
  return result
}

const created = ({ since }: Reconciliation) => ({ gte: Math.floor(since.getTime() / 1000) })

async function takeLostEvents(result: Reconciliation): Promise<void> {
  const listed = await listAll((stripe) => stripe.events.list({ created: created(result), limit: 100 }))
  const acted = listed.filter(({ type }) => Object.hasOwn(eventTable, type)).reverse()
  result.compared.events = acted.length
  const ids = acted.map(({ id }) => id)
  const settled = await WebhookEventModel.find({ _id: { $in: ids }, status: { $in: ['processed', 'ignored'] } })
    .select({ _id: 1 })
    .lean<WebhookEvent[]>()
  const known = new Set(settled.map(({ _id }) => _id))
  for (const event of acted) {
    if (known.has(event.id)) continue
    // As it came over the wire, without the client library's own objects.
    const payload: unknown = JSON.parse(JSON.stringify(event))
    const { handled, dead, outcome } = await takeEvent(toEvent(payload), payload)
    ;(handled && !dead ? result.done : result.failed).push(`${event.type} ${event.id}: ${outcome}`)
  }
}

/** Runs one comparison's remedy; a failure is noted and does not stop the others. */
async function remedy(result: Reconciliation, name: string, work: () => Promise<Outcome>): Promise<void> {
  try {
    const { changed, sentence } = await work()
    if (changed) result.done.push(sentence)
  } catch (error) {
    logger.error({ err: error, object: name }, 'Reconcile could not put something right')
    result.failed.push(`${name}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

async function compareInvoices(result: Reconciliation): Promise<void> {
  const params = { status: 'paid' as const, created: created(result), limit: 100 }
  const invoices = (await listAll((stripe) => stripe.invoices.list(params))).map(readInvoice)
  result.compared.invoices = invoices.length
  const rows = await BillingHistoryModel.find({ stripeInvoiceId: { $in: invoices.map(({ id }) => id) } })
    .select({ stripeInvoiceId: 1, amount: 1 })
    .lean()
  const amounts = new Map(rows.map((row) => [row.stripeInvoiceId, row.amount]))
  for (const { id, amountPaid } of invoices.reverse()) {
    const amount = amounts.get(id)
    if (amount === undefined) await remedy(result, id, () => processPaidInvoice(id))
    else if (amount !== amountPaid) result.failed.push(`${id}: ${amountPaid} was paid, its row says ${amount}`)
  }
}

async function comparePacks(result: Reconciliation): Promise<void> {
  const params = { status: 'complete' as const, created: created(result), limit: 100 }
  const sessions = (await listAll((stripe) => stripe.checkout.sessions.list(params)))
    .map(readSession)
    .filter(({ mode, isPaid }) => mode === 'payment' && isPaid)
  result.compared.packs = sessions.length
  const paymentIds = sessions.map(({ id, paymentIntentId }) => paymentIntentId ?? id)
  const rows = await PaymentModel.find({ stripePaymentIntentId: { $in: paymentIds } })
    .select({ stripePaymentIntentId: 1 })
    .lean()
  const known = new Set(rows.map((row) => row.stripePaymentIntentId))
  for (const { id, paymentIntentId } of sessions) {
    if (!known.has(paymentIntentId ?? id)) await remedy(result, id, () => processCheckout(id))
  }
}

/** Everybody whose stored subscription is not the live one at Stripe, in whatever field. */
async function compareSubscriptions(result: Reconciliation): Promise<void> {
  const live = (await listAll((stripe) => stripe.subscriptions.list({ limit: 100 }))).map(readSubscription)
  result.compared.subscriptions = live.length
  const liveById = new Map(live.map((subscription) => [subscription.id, subscription]))
  const customers = live.map(({ customerId }) => customerId).filter((id) => id !== null)
  const stored = UserModel.find({
    $or: [{ stripeCustomerId: { $in: customers } }, { 'subscription.stripeSubscriptionId': { $type: 'string' } }],
  })
  for await (const user of stored.lean<User>().cursor()) {
    const theirs = live.filter(({ customerId }) => customerId === user.stripeCustomerId)
    const current = liveById.get(user.subscription?.stripeSubscriptionId ?? '')
    const fits = current
      ? theirs.length === 1 &&
        current.status === user.subscription?.status &&
        current.cancelAtPeriodEnd === user.subscription.cancelAtPeriodEnd &&
        (await isPlanOf(current, user)) &&
        current.currentPeriodEnd?.getTime() === user.subscription.currentPeriodEnd?.getTime()
      : theirs.length === 0 && !user.subscription?.stripeSubscriptionId
    if (!fits) await remedy(result, `user ${user._id.toHexString()}`, () => resync(user))
  }
}

async function isPlanOf({ items }: StripeSubscription, { subscription }: User): Promise<boolean> {
  for (const { priceId } of items) {
    const offer = (await findPrice(priceId))?.offer
    if (offer?.kind === 'plan')
      return offer.plan.name === subscription?.plan && offer.interval === subscription.interval
  }
  return false
}

async function resync(user: User): Promise<Outcome> {
  const after = await syncSubscriptions(user._id)
  const { plan = 'Free', status = 'none', version } = after.subscription ?? {}
  const sentence = `The subscription of user ${user._id.toHexString()} is ${plan} (${status}).`
  return { status: 'processed', sentence, changed: version !== user.subscription?.version }
}

async function compareRefunds(result: Reconciliation): Promise<void> {
  const refunds = await listAll((stripe) => stripe.refunds.list({ created: created(result), limit: 100 }))
  result.compared.refunds = refunds.length
  const charges = new Set(refunds.map((refund) => readRefund(refund).chargeId).filter((id) => id !== null))
  for (const charge of charges) await remedy(result, charge, () => processRefunds(charge))
}

async function compareDisputes(result: Reconciliation): Promise<void> {
  const disputes = await listAll((stripe) => stripe.disputes.list({ created: created(result), limit: 100 }))
  result.compared.disputes = disputes.length
  for (const { id } of disputes) await remedy(result, id, () => processDispute(id))
}
