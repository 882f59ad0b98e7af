import { isDeepStrictEqual } from 'node:util'
import { BillingHistoryModel } from '#models/billing-history.server.ts'
import { driverCollection } from '#models/define-model.server.ts'
import { PaymentModel } from '#models/payment.server.ts'
import { type User, UserModel } from '#models/user.server.ts'
import { now } from '../../clock.server.ts'
import { logger } from '../../log.server.ts'
import { needsHuman } from '../errors.ts'
import { dropFinding, keepFinding, listFindings, openFindings, type Subject } from '../findings/findings.server.ts'
import type { Outcome } from '../outcome.ts'
import { FREE_PLAN } from '../plans.ts'
import type { StripeSubscription } from '../stripe/objects/subscription.ts'
import { planItemOf } from '../subscriptions/plan-item.server.ts'
import { isLive, termOf } from '../subscriptions/subscription-state.ts'
import { priceOfPeriod } from '../upcoming-invoice/period-charge.server.ts'
import { examine } from './examine.server.ts'
import { finishRun, startRun } from './lease.server.ts'
import { takeLostEvents } from './lost-events.server.ts'
import {
  readRange,
  type ListRange,
  listCreditNotes,
  listDisputes,
  listPaidInvoices,
  listPaidPacks,
  listRefundedCharges,
  listRunningSubscriptions,
} from './stripe-lists.server.ts'

export interface Reconciliation {
  since: Date
  /** How many objects of each kind were compared. */
  compared: Record<string, number>
  /** What was fixed, a sentence each. */
  done: string[]
  /** What could not be fixed, and why; the next run retries it. */
  failed: string[]
  /** Stripe objects that match nothing here, from this run and earlier ones: manual review. */
  unclaimed: string[]
}

/** Stripe keeps events for 30 days; older changes are found by comparing the objects. */
const FIRST_RUN_MS = 30 * 24 * 60 * 60 * 1000
/** Covers objects that Stripe listed late, and clock differences. */
const OVERLAP_MS = 60 * 60 * 1000
const CUSTOMERS_TOGETHER = 1_000

/**
 * Compares the database with Stripe and repairs what lost webhooks left undone, through the functions that webhooks
 * use, so that a second run finds nothing to do. Failures are kept and retried by later runs; unmatched objects are
 * listed for review.
 * @param options `since`: from when; the start of the last run by default
 * @returns null while another process runs it
 * @throws StripeUnavailable when Stripe's lists cannot be read; the next run then starts where this one did
 */
export async function reconcile({ since }: { since?: Date } = {}): Promise<Reconciliation | null> {
  const startedAt = now()
  const run = await startRun()
  if (!run) return null
  // A start in the future came from a wrong clock, so it is ignored.
  const last = run.lastStart && run.lastStart <= startedAt ? run.lastStart : null
  const missed = new Date((last ?? (await firstStart(startedAt))).getTime() - OVERLAP_MS)
  const from = since ?? missed
  const result: Reconciliation = { since: from, compared: {}, done: [], failed: [], unclaimed: [] }
  let isComplete = false
  try {
    const range = await readRange(from)
    for (const subject of await openFindings()) await settle(result, subject)
    // Events first, in order; the objects then show only what no event covers.
    const events = await takeLostEvents(range)
    result.compared.events = events.compared
    result.done.push(...events.done)
    await compareInvoices(result, range)
    await comparePacks(result, range)
    await compareSubscriptions(result, range)
    for (const id of await counted(result, 'refunds', listRefundedCharges(range)))
      await settle(result, { kind: 'charge', id })
    for (const id of await counted(result, 'credit notes', listCreditNotes(range)))
      await settle(result, { kind: 'credit_note', id })
    for (const id of await counted(result, 'disputes', listDisputes(range)))
      await settle(result, { kind: 'dispute', id })
    result.failed = [...events.failed, ...(await listFindings('failed'))]
    result.unclaimed = await listFindings('unclaimed')
    isComplete = true
  } finally {
    // A run with a later start skipped something that the next run must check.
    await finishRun(run, isComplete && from <= missed ? startedAt : null)
  }
  const { failed, unclaimed } = result
  if (unclaimed.length > 0)
    logger.warn({ objects: unclaimed.length }, 'Stripe has objects that match no user here: review them')
  if (failed.length > 0) logger.error({ objects: failed.length }, 'Reconcile could not settle everything')
  return result
}

/** The first run starts as far back as Stripe keeps events and anyone here can have bought something. */
async function firstStart(startedAt: Date): Promise<Date> {
  const oldest = await UserModel.findOne().sort({ _id: 1 }).select({ createdAt: 1 }).lean<Pick<User, 'createdAt'>>()
  return new Date(Math.min(startedAt.getTime() - FIRST_RUN_MS, oldest?.createdAt.getTime() ?? Infinity))
}

async function counted<T>(result: Reconciliation, what: string, found: Promise<T[]>): Promise<T[]> {
  const all = await found
  result.compared[what] = all.length
  return all
}

/** Examines one mismatched object and stores the result; a failure does not stop the others. */
async function settle(result: Reconciliation, subject: Subject): Promise<void> {
  try {
    const outcome: Outcome = await examine(subject)
    if (outcome.isUnmatched) return await keepFinding(subject, { state: 'unclaimed', sentence: outcome.sentence })
    if (outcome.changed) result.done.push(outcome.sentence)
    await dropFinding(subject)
  } catch (error) {
    const sentence = `${subject.id}: ${error instanceof Error ? error.message : String(error)}`
    const state = needsHuman(error) ? 'unclaimed' : 'failed'
    if (state === 'failed') logger.error({ err: error, object: subject.id }, 'Reconcile could not settle an object')
    await keepFinding(subject, { state, sentence })
  }
}

async function compareInvoices(result: Reconciliation, range: ListRange): Promise<void> {
  const invoices = await counted(result, 'invoices', listPaidInvoices(range))
  const rows = await BillingHistoryModel.find({ stripeInvoiceId: { $in: invoices.map(({ id }) => id) } })
    .select({ stripeInvoiceId: 1, amount: 1 })
    .lean()
  const amounts = new Map(rows.map((row) => [row.stripeInvoiceId, row.amount]))
  for (const { id, amountPaid } of invoices) {
    if (amounts.get(id) !== amountPaid) await settle(result, { kind: 'invoice', id })
  }
}

async function comparePacks(result: Reconciliation, range: ListRange): Promise<void> {
  const packs = await counted(result, 'packs', listPaidPacks(range))
  const rows = await PaymentModel.find({ stripePaymentIntentId: { $in: packs.map(({ paymentId }) => paymentId) } })
    .select({ stripePaymentIntentId: 1 })
    .lean()
  const known = new Set(rows.map((row) => row.stripePaymentIntentId))
  for (const { id, paymentId } of packs) {
    if (!known.has(paymentId)) await settle(result, { kind: 'session', id })
  }
}

/** Finds users whose stored subscription differs from Stripe in any field, and live subscriptions without a user. */
async function compareSubscriptions(result: Reconciliation, range: ListRange): Promise<void> {
  const all = await counted(result, 'subscriptions', listRunningSubscriptions(range))
  const live = all.filter(({ status }) => isLive(status))
  const byId = new Map(live.map((one) => [one.id, one]))
  const byCustomer = new Map<string, StripeSubscription[]>()
  for (const one of live) {
    if (one.customerId) byCustomer.set(one.customerId, [...(byCustomer.get(one.customerId) ?? []), one])
  }
  const owned = new Set<string>()
  for await (const user of subscribers([...byCustomer.keys()])) {
    const stored = byId.get(user.subscription?.stripeSubscriptionId ?? '')
    const theirs = new Set(byCustomer.get(user.stripeCustomerId ?? ''))
    if (stored) theirs.add(stored)
    const ofPlans = []
    for (const subscription of theirs) {
      if (!(await planItemOf(subscription))) continue
      ofPlans.push(subscription)
      owned.add(subscription.id)
    }
    if (!(await fits(user, ofPlans))) await settle(result, { kind: 'user', id: user._id.toHexString() })
  }
  for (const { id } of live) if (!owned.has(id)) await settle(result, { kind: 'subscription', id })
}

/** Users with a stored subscription, then those whose customer has one at Stripe only. */
async function* subscribers(customers: string[]): AsyncGenerator<User> {
  const users = driverCollection<User>(UserModel)
  const seen = new Set<string>()
  for await (const user of users.find({ 'subscription.stripeSubscriptionId': { $type: 'string' } })) {
    if (user.stripeCustomerId) seen.add(user.stripeCustomerId)
    yield user
  }
  const others = customers.filter((id) => !seen.has(id))
  for (let start = 0; start < others.length; start += CUSTOMERS_TOGETHER) {
    yield* users.find({ stripeCustomerId: { $in: others.slice(start, start + CUSTOMERS_TOGETHER) } })
  }
}

async function fits({ subscription: stored }: User, theirs: StripeSubscription[]): Promise<boolean> {
  const [current] = theirs
  if (!current) return !stored?.stripeSubscriptionId
  const item = await planItemOf(current)
  const term = termOf(current, item)
  return (
    theirs.length === 1 &&
    current.id === stored?.stripeSubscriptionId &&
    current.status === stored.status &&
    term.cancelAtPeriodEnd === stored.cancelAtPeriodEnd &&
    term.cancelAt?.getTime() === stored.cancelAt?.getTime() &&
    (item?.quantity === 0 ? FREE_PLAN : item?.plan.name) === stored.plan &&
    item !== null &&
    item.interval === stored.interval &&
    item.intervalCount === (stored.intervalCount ?? 1) &&
    term.currentPeriodEnd?.getTime() === stored.currentPeriodEnd?.getTime() &&
    isDeepStrictEqual(await priceOfPeriod(current.terms), stored.price)
  )
}
