import { randomUUID } from 'node:crypto'
import { Types } from 'mongoose'
import { BillingHistoryModel } from '#models/billing-history.server.ts'
import { type User, UserModel } from '#models/user.server.ts'
import { now } from '../../clock.server.ts'
import { config } from '../../config.server.ts'
import { catchUpWithSandbox } from '../../sandbox-clock.server.ts'
import { refreshStripeBalance } from '../customers/customer-balance.server.ts'
import { readUser } from '../customers/users.server.ts'
import { FREE_PLAN } from '../plans.ts'
import { coalesced } from '../stripe/coalesce.ts'
import { withoutDeadline } from '../stripe/deadline.server.ts'
import type { StripeSubscription } from '../stripe/objects/subscription.ts'
import { untilStable } from '../until-stable.ts'
import { chargesOf, chargesFromEvent, UNKNOWN } from '../upcoming-invoice/next-payment.server.ts'
import { owedToShow } from './amount-due.server.ts'
import { cancelDuplicate, notifyDuplicates } from './duplicate.server.ts'
import { applySpendingPause } from './grace-period.server.ts'
import { syncHistoryStatus } from './history-status.server.ts'
import { listSubscriptions, type Subscriptions } from './list-subscriptions.server.ts'
import { planItemOf } from './plan-item.server.ts'
import { changeIn, scheduleOf } from './scheduled-change.server.ts'
import { notifySubscriptionChange } from './subscription-mails.server.ts'
import { byPrecedence, endedReasonOf, gracePeriodEnd, isLive, isOverdue, termOf } from './subscription-state.ts'

type Stored = NonNullable<User['subscription']>
type Snapshot = Omit<Stored, 'version'>

/**
 * Brings a user's subscription in line with Stripe, whichever event asked and in whatever order. The fence is read
 * before Stripe is asked, so an older answer is never written last. If several subscriptions are live, the newest paid
 * one stays and the others are canceled.
 * @param subscriptionId one to retrieve by its ID, since it may belong to another customer than the stored one
 * @throws StripeUnavailable; CreditsUnavailable when the subscription changes faster than it can be read
 */
export async function syncSubscriptions(userId: Types.ObjectId, subscriptionId: string | null = null): Promise<User> {
  return (await syncAndList(userId, subscriptionId)).user
}

/** The same, returning the subscriptions in Stripe. */
export async function syncAndList(userId: Types.ObjectId, subscriptionId: string | null = null): Promise<Synced> {
  // A burst of events shares one reading from Stripe.
  const synced = await syncOnce(userId.toHexString())
  if (!subscriptionId || synced.known.has(subscriptionId)) return synced
  return sync(userId, (user) => listSubscriptions(user, subscriptionId))
}

/** The same from another source than Stripe's lists, for an event about a subscription that Stripe does not know. */
export async function syncFrom(userId: Types.ObjectId, list: (user: User) => Promise<Subscriptions>): Promise<User> {
  return (await sync(userId, list)).user
}

// Webhooks share it, so one caller's deadline must not cancel it.
const syncOnce = coalesced((userId) =>
  withoutDeadline(() => sync(new Types.ObjectId(userId), (user) => listSubscriptions(user))),
)

interface Synced {
  user: User
  /** IDs of the subscriptions in Stripe. */
  known: Set<string>
}

function sync(userId: Types.ObjectId, list: (user: User) => Promise<Subscriptions>): Promise<Synced> {
  return untilStable('The subscription', async () => {
    const before = await readUser(userId)
    const { subscription: stored } = before
    const { known, unknown, saidAt } = await list(before)
    const [live, ...others] = known.filter(({ status }) => isLive(status)).sort(byPrecedence)
    const unverified = live ? null : newestLive(unknown)
    const current = live ?? unverified?.subscription
    // In the sandbox, a month may have been skipped while Stripe answered.
    if (current && isOverdue(current.status)) await catchUpWithSandbox()
    const all = [...known, ...unknown.map(({ subscription }) => subscription)]
    const next = current
      ? await snapshotOf(current, { stored, others, isVerified: live !== undefined })
      : endedSnapshot(stored, { known, all })
    if (next) next.toldAt = live ? null : unverified ? unverified.at : saidAt
    if (next) {
      const endedId = stored?.stripeSubscriptionId ?? next.endedSubscriptionId
      const subscription = current ?? all.find(({ id }) => id === endedId) ?? null
      await notifySubscriptionChange({ before, next, subscription })
    }
    if (!(await store(before, next))) return 'again'

    await Promise.all(others.map(cancelDuplicate))
    await notifyDuplicates(await readUser(userId), known)
    await syncHistoryStatus(userId, all, current?.id ?? null)
    await applySpendingPause(userId)
    await refreshStripeBalance(userId)
    const user = await readUser(userId)
    // Another process stored a different subscription; run again.
    if (next && (user.subscription?.stripeSubscriptionId ?? null) !== next.stripeSubscriptionId) return 'again'
    return { user, known: new Set(known.map(({ id }) => id)) }
  })
}

function newestLive(unknown: Subscriptions['unknown']): Subscriptions['unknown'][number] | null {
  const live = unknown.filter(({ subscription }) => isLive(subscription.status))
  return live.sort((one, other) => byPrecedence(one.subscription, other.subscription))[0] ?? null
}

async function snapshotOf(
  subscription: StripeSubscription,
  { stored, others, isVerified }: { stored: User['subscription']; others: StripeSubscription[]; isVerified: boolean },
): Promise<Snapshot> {
  const item = await planItemOf(subscription)
  const { id, status, trialEnd } = subscription
  const known = stored?.stripeSubscriptionId === id ? stored : null
  const schedule = await scheduleOf(subscription)
  // A quantity of zero is no plan.
  const plan = item?.quantity === 0 ? FREE_PLAN : (item?.plan.name ?? known?.plan ?? FREE_PLAN)
  const charges = isVerified
    ? await chargesOf(subscription, schedule, known)
    : await chargesFromEvent(subscription, known)
  return {
    stripeSubscriptionId: id,
    // If its price is in no plan, the stored plan stays until someone reviews it.
    plan,
    syncedPlan: plan,
    interval: item?.interval ?? known?.interval ?? null,
    intervalCount: item?.intervalCount ?? known?.intervalCount ?? null,
    status,
    ...termOf(subscription, item),
    gracePeriodEnd: gracePeriodEnd(status, {
      known: known?.gracePeriodEnd ?? null,
      at: now(),
      days: config().gracePeriodDays,
    }),
    trialEnd,
    isFreeTime: status === 'trialing' && (await hasPaidFor(id)),
    collectionPaused: subscription.isCollectionPaused,
    confirmationAsked: isOverdue(status) && (known?.confirmationAsked ?? false),
    collectionResumesAt: subscription.collectionResumesAt,
    scheduledChange: await changeIn(schedule),
    ...charges,
    owed: isVerified ? await owedToShow(subscription) : (known?.owed ?? null),
    endedReason: null,
    previousSubscriptionIds: [
      ...new Set([...(known?.previousSubscriptionIds ?? []), ...others.map((other) => other.id)]),
    ],
    endedSubscriptionId: stored?.endedSubscriptionId ?? null,
    toldAt: null,
  }
}

/** Free weeks are given as trials too; only a customer who has paid nothing for the plan is on a trial. */
async function hasPaidFor(stripeSubscriptionId: string): Promise<boolean> {
  return (await BillingHistoryModel.exists({ stripeSubscriptionId, amount: { $gt: 0 } })) !== null
}

/** None is live: back to Free. One that never became live, such as an unpaid first invoice, leaves no trace. */
function endedSnapshot(
  stored: User['subscription'],
  { known, all }: { known: StripeSubscription[]; all: StripeSubscription[] },
): Snapshot | null {
  const id = stored?.stripeSubscriptionId
  const ended = id
    ? all.find((one) => one.id === id)
    : // It ended before it was known here: a later event about its start must not revive it.
      (stored ? all.filter((one) => !known.includes(one)) : all)
        .filter((one) => one.status === 'canceled' && one.id !== stored?.endedSubscriptionId)
        .sort(byPrecedence)[0]
  if (!ended || ended.status === 'incomplete') return null
  return {
    stripeSubscriptionId: null,
    plan: FREE_PLAN,
    syncedPlan: FREE_PLAN,
    interval: null,
    intervalCount: null,
    status: 'canceled',
    currentPeriodStart: null,
    currentPeriodEnd: null,
    cancelAtPeriodEnd: false,
    cancelAt: null,
    gracePeriodEnd: null,
    trialEnd: null,
    isFreeTime: false,
    collectionPaused: false,
    confirmationAsked: false,
    collectionResumesAt: null,
    scheduledChange: null,
    owed: null,
    ...UNKNOWN,
    endedReason: endedReasonOf(ended),
    previousSubscriptionIds: [],
    endedSubscriptionId: ended.id,
    toldAt: null,
  }
}

/** @returns false if `before` is stale: another process has written since */
async function store(before: User, next: Snapshot | null): Promise<boolean> {
  const { subscription } = before
  const fence = subscription ? { 'subscription.version': subscription.version } : { subscription: null }
  if (!next || (subscription && isSame(subscription, next))) {
    // Nothing to write; but the result holds only if no other process has written meanwhile.
    return (await UserModel.exists({ _id: before._id, ...fence })) !== null
  }
  const written = await UserModel.updateOne(
    { _id: before._id, ...fence },
    { $set: { subscription: { ...next, version: randomUUID() }, subscriptionChangedAt: now() } },
  )
  return written.matchedCount === 1
}

function isSame({ version: _, ...stored }: Stored, next: Snapshot): boolean {
  return (Object.keys(next) as (keyof Snapshot)[]).every(
    (field) => JSON.stringify(stored[field] ?? null) === JSON.stringify(next[field] ?? null),
  )
}
