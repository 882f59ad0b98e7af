import { randomUUID } from 'node:crypto'
import { Types } from 'mongoose'
import { type User, UserModel } from '#models/user.server.ts'
import { now } from '../clock.server.ts'
import { config } from '../config.server.ts'
import { CreditsUnavailable } from '../credits/errors.ts'
import { logger } from '../log.server.ts'
import { coalesced } from './coalesce.ts'
import { markHistory } from './history-marks.server.ts'
import { FREE_PLAN } from './plans.ts'
import { findPrice } from './prices.server.ts'
import { applySpendingPause } from './spending-pause.server.ts'
import { callStripe, findAtStripe, isMissing, isRefused, listAll } from './stripe.server.ts'
import { readSubscription, type StripeSubscription } from './stripe-shapes.ts'
import { byPrecedence, endedReasonOf, gracePeriodEnd, isLive } from './subscription-state.ts'
import { tellSubscriptionChange } from './subscription-mails.server.ts'
import { readUser } from './users.server.ts'

const ROUNDS = 8

type Stored = NonNullable<User['subscription']>
type Snapshot = Omit<Stored, 'version'>

/**
 * Brings a user's subscription to what Stripe says now, whatever event asked for it and in whatever order they come. The
 * fence is read before Stripe is asked, so that of two answers the older one can never be written last. Should several
 * subscriptions live, the newest paid one stays and the others are canceled.
 * @param userId whose it is
 * @param received the event's own object, for a subscription that Stripe no longer knows
 */
export async function syncSubscriptions(userId: Types.ObjectId, received?: unknown): Promise<User> {
  return received === undefined ? syncOnce(userId.toHexString()) : sync(userId, received)
}

const syncOnce = coalesced((userId) => sync(new Types.ObjectId(userId), undefined))

async function sync(userId: Types.ObjectId, received: unknown): Promise<User> {
  for (let round = 0; round < ROUNDS; round++) {
    const before = await readUser(userId)
    const all = await subscriptionsOf(before, received)
    const [current, ...others] = all.filter(({ status }) => isLive(status)).sort(byPrecedence)
    const next = current ? await snapshotOf(current, before.subscription) : endedSnapshot(before.subscription, all)
    if (next) {
      const subscription = current ?? all.find(({ id }) => id === before.subscription?.stripeSubscriptionId) ?? null
      await tellSubscriptionChange({ before, next, subscription })
    }
    if (!(await store(before, next))) continue

    await Promise.all(others.map(cancelDuplicate))
    await markHistory(userId, all, current?.id ?? null)
    await applySpendingPause(userId)
    return readUser(userId)
  }
  throw new CreditsUnavailable(new Error('The subscription changes faster than it can be read'))
}

/** All subscriptions to plans of ours that a user has or had, ended ones included. */
async function subscriptionsOf(user: User, received: unknown): Promise<StripeSubscription[]> {
  const customer = user.stripeCustomerId
  const all = customer ? await listSubscriptions(customer) : []
  const hint = received === undefined ? null : readSubscription(received)
  const missing = [hint?.id, user.subscription?.stripeSubscriptionId].filter(
    (id) => id && !all.some((one) => one.id === id),
  )
  for (const id of new Set(missing)) {
    const found = await findAtStripe((stripe) => stripe.subscriptions.retrieve(id!))
    if (found) all.push(readSubscription(found))
    else if (hint?.id === id) all.push(hint!)
  }
  // One that is stored stays ours even if somebody put another price on it at Stripe: its end must not be missed.
  const isOurs = async (one: StripeSubscription) =>
    one.id === user.subscription?.stripeSubscriptionId || (await planOf(one)) !== null
  const ours = await Promise.all(all.map(async (one) => ((await isOurs(one)) ? one : null)))
  return ours.filter((one) => one !== null)
}

async function listSubscriptions(customer: string): Promise<StripeSubscription[]> {
  try {
    const listed = await listAll((stripe) => stripe.subscriptions.list({ customer, status: 'all', limit: 100 }))
    return listed.map(readSubscription)
  } catch (error) {
    // The customer is gone; the subscription that is stored is asked for by its own id.
    if (isMissing(error)) return []
    throw error
  }
}

async function planOf({ items }: StripeSubscription) {
  for (const { priceId } of items) {
    const price = await findPrice(priceId)
    if (price?.offer.kind === 'plan') return price.offer
  }
  return null
}

async function snapshotOf(subscription: StripeSubscription, stored: User['subscription']): Promise<Snapshot> {
  const offer = await planOf(subscription)
  const { id, status, currentPeriodStart, currentPeriodEnd, cancelAtPeriodEnd, trialEnd } = subscription
  const known = stored?.stripeSubscriptionId === id ? stored : null
  return {
    stripeSubscriptionId: id,
    // A price that is in no plan says nothing: what was sold stays until a human has looked at it.
    plan: offer?.plan.name ?? known?.plan ?? FREE_PLAN,
    interval: offer?.interval ?? known?.interval ?? null,
    status,
    currentPeriodStart,
    currentPeriodEnd,
    cancelAtPeriodEnd,
    gracePeriodEnd: gracePeriodEnd(status, { known: known?.gracePeriodEnd ?? null, at: now(), days: config().gracePeriodDays }),
    trialEnd,
    endedReason: null,
  }
}

/** Nothing lives: back to Free. What never lived, like an unpaid first invoice, leaves no trace. */
function endedSnapshot(stored: User['subscription'], all: StripeSubscription[]): Snapshot | null {
  const id = stored?.stripeSubscriptionId
  if (!id) return null
  const ended = all.find((one) => one.id === id)
  if (!ended) {
    // Not a reason to take a plan away: this key may belong to another account than the one that sold it.
    logger.warn({ subscription: id }, 'Stripe does not know a subscription that is stored as running')
    return null
  }
  if (ended.status === 'incomplete') return null
  return {
    stripeSubscriptionId: null,
    plan: FREE_PLAN,
    interval: null,
    status: 'canceled',
    currentPeriodStart: null,
    currentPeriodEnd: null,
    cancelAtPeriodEnd: false,
    gracePeriodEnd: null,
    trialEnd: null,
    endedReason: endedReasonOf(ended),
  }
}

/** @returns false when somebody else has written since `before` was read */
async function store(before: User, next: Snapshot | null): Promise<boolean> {
  const { subscription } = before
  const fence = subscription ? { 'subscription.version': subscription.version } : { subscription: null }
  if (!next || (subscription && isSame(subscription, next))) {
    // Nothing to write; but the decision holds only if nobody else has decided meanwhile.
    return (await UserModel.exists({ _id: before._id, ...fence })) !== null
  }
  const written = await UserModel.updateOne(
    { _id: before._id, ...fence },
    { $set: { subscription: { ...next, version: randomUUID() } } },
  )
  return written.matchedCount === 1
}

function isSame({ version: _, ...stored }: Stored, next: Snapshot): boolean {
  return (Object.keys(next) as (keyof Snapshot)[]).every(
    (field) => JSON.stringify(stored[field] ?? null) === JSON.stringify(next[field] ?? null),
  )
}

/**
 * Its unused time goes back to the customer's balance, and the credits with it: by the invoice that this makes. Time that
 * nobody paid for, like a trial's or that of a failed renewal, is worth nothing.
 */
async function cancelDuplicate({ id: subscriptionId, status }: StripeSubscription): Promise<void> {
  logger.warn({ subscription: subscriptionId }, 'A second live subscription is canceled')
  try {
    await callStripe((stripe) =>
      stripe.subscriptions.cancel(subscriptionId, status === 'active' ? { prorate: true, invoice_now: true } : {}, {
        idempotencyKey: `cancel-duplicate:${subscriptionId}:${status}`,
      }),
    )
  } catch (error) {
    // Another process was first.
    if (!isRefused(error)) throw error
  }
}
