import { randomUUID } from 'node:crypto'
import { Types } from 'mongoose'
import { BillingHistoryModel } from '#models/billing-history.server.ts'
import { type User, UserModel } from '#models/user.server.ts'
import { now } from '../../clock.server.ts'
import { config } from '../../config.server.ts'
import { CreditsUnavailable } from '../../credits/errors.ts'
import { catchUpWithSandbox } from '../../sandbox-clock.server.ts'
import { coalesced } from '../stripe/coalesce.ts'
import { changeIn, scheduleOf } from './scheduled-change.server.ts'
import { cancelDuplicate, tellDuplicates } from './duplicate.server.ts'
import { markHistory } from './history-status.server.ts'
import { chargesOf, chargesTold, UNKNOWN } from '../upcoming-invoice/next-payment.server.ts'
import { owedToShow } from './amount-due.server.ts'
import { unhurried } from '../stripe/deadline.server.ts'
import { FREE_PLAN } from '../plans.ts'
import { planItemOf } from './plan-item.server.ts'
import { applySpendingPause } from './grace-period.server.ts'
import { findAtStripe, isMissing, listAll } from '../stripe/client.server.ts'
import { refreshStripeBalance } from '../customers/customer-balance.server.ts'
import { readSubscription, type StripeSubscription } from '../stripe/objects/subscription.ts'
import { EXPANDED } from '../stripe/objects/terms.ts'
import { byPrecedence, endedReasonOf, gracePeriodEnd, isLive, isOverdue, termOf } from './subscription-state.ts'
import { tellSubscriptionChange } from './subscription-mails.server.ts'
import { asStored, isStale, type Told } from './stored-subscription.ts'
import { readUser } from '../customers/users.server.ts'

const ROUNDS = 8

type Stored = NonNullable<User['subscription']>
type Snapshot = Omit<Stored, 'version'>

/**
 * Brings a user's subscription to what Stripe says now, whatever event asked for it and in whatever order they come. The
 * fence is read before Stripe is asked, so that of two answers the older one can never be written last. Should several
 * subscriptions live, the newest paid one stays and the others are canceled.
 * @param userId whose it is
 * @param told what an event said, for a subscription that Stripe no longer knows
 */
export async function syncSubscriptions(userId: Types.ObjectId, told: Told | null = null): Promise<User> {
  // A burst of events about one subscription shares what Stripe says; their word counts only where Stripe has none.
  const { user, known } = await syncOnce(userId.toHexString())
  return !told || known.has(told.subscription.id) ? user : (await sync(userId, told)).user
}

// Webhooks share it, so it does not end because somebody at a page no longer waits.
const syncOnce = coalesced((userId) => unhurried(() => sync(new Types.ObjectId(userId), null)))

interface Synced {
  user: User
  /** Ids of those that Stripe has. */
  known: Set<string>
}

async function sync(userId: Types.ObjectId, told: Told | null): Promise<Synced> {
  for (let round = 0; round < ROUNDS; round++) {
    const before = await readUser(userId)
    const { known, hearsay } = await subscriptionsOf(before, told)
    const all = [...known, ...hearsay]
    const [running, ...others] = known.filter(({ status }) => isLive(status)).sort(byPrecedence)
    const current = running ?? hearsay.filter(({ status }) => isLive(status)).sort(byPrecedence)[0]
    // The answer may come from after a month that was skipped while it was asked for.
    if (current && isOverdue(current.status)) await catchUpWithSandbox()
    const next = current
      ? await snapshotOf(current, { stored: before.subscription, others, isHearsay: !running })
      : endedSnapshot(before.subscription, { known, hearsay })
    if (next) next.toldAt = toldAtOf(current, { known, told, stored: before.subscription })
    if (next) {
      const endedId = before.subscription?.stripeSubscriptionId ?? next.endedSubscriptionId
      const subscription = current ?? all.find(({ id }) => id === endedId) ?? null
      await tellSubscriptionChange({ before, next, subscription })
    }
    if (!(await store(before, next))) continue

    await Promise.all(others.map(cancelDuplicate))
    await tellDuplicates(await readUser(userId), known)
    await markHistory(userId, all, current?.id ?? null)
    await applySpendingPause(userId)
    await refreshStripeBalance(userId)
    const user = await readUser(userId)
    // What was marked here is older than what another process has found, and marked, since.
    if (next && (user.subscription?.stripeSubscriptionId ?? null) !== next.stripeSubscriptionId) continue
    return { user, known: new Set(known.map(({ id }) => id)) }
  }
  throw new CreditsUnavailable(new Error('The subscription changes faster than it can be read'))
}

interface Subscriptions {
  /** All that Stripe has of a user's subscriptions to plans of ours, ended ones included. */
  known: StripeSubscription[]
  /** What is only told of, or stored: Stripe does not know it. */
  hearsay: StripeSubscription[]
}

async function subscriptionsOf(user: User, told: Told | null): Promise<Subscriptions> {
  const { stripeCustomerId: customer = null, subscription: stored } = user
  const storedId = stored?.stripeSubscriptionId
  const all = customer ? await listSubscriptions(customer) : []
  const hearsay: StripeSubscription[] = []
  for (const id of new Set([told?.subscription.id, storedId])) {
    if (!id || all.some((one) => one.id === id)) continue
    const found = await findAtStripe((stripe) => stripe.subscriptions.retrieve(id, { expand: EXPANDED }))
    if (found) all.push(readSubscription(found))
    else if (told?.subscription.id === id && !isStale(told, stored)) hearsay.push(told.subscription)
    else if (stored && id === storedId) hearsay.push(asStored({ ...stored, stripeSubscriptionId: id }, customer))
  }
  // One that is stored stays ours even if somebody put another price on it at Stripe: its end must not be missed.
  const isOurs = async (one: StripeSubscription) => one.id === storedId || (await planItemOf(one)) !== null
  const ours = async (list: StripeSubscription[]) => {
    const kept = await Promise.all(list.map(async (one) => ((await isOurs(one)) ? one : null)))
    return kept.filter((one) => one !== null)
  }
  return { known: await ours(all), hearsay: await ours(hearsay) }
}

/** Since when an event's word holds; null for what Stripe says itself. */
function toldAtOf(
  current: StripeSubscription | undefined,
  { known, told, stored }: { known: StripeSubscription[]; told: Told | null; stored: User['subscription'] },
): Date | null {
  if (current && known.includes(current)) return null
  return told && (!current || current === told.subscription) ? told.at : (stored?.toldAt ?? null)
}

async function listSubscriptions(customer: string): Promise<StripeSubscription[]> {
  try {
    const expand = EXPANDED.map((path) => `data.${path}`)
    const listed = await listAll((stripe) => stripe.subscriptions.list({ customer, status: 'all', limit: 100, expand }))
    return listed.map(readSubscription)
  } catch (error) {
    // The customer is gone; the subscription that is stored is asked for by its own id.
    if (isMissing(error)) return []
    throw error
  }
}

async function snapshotOf(
  subscription: StripeSubscription,
  { stored, others, isHearsay }: { stored: User['subscription']; others: StripeSubscription[]; isHearsay: boolean },
): Promise<Snapshot> {
  const item = await planItemOf(subscription)
  const { id, status, trialEnd } = subscription
  const known = stored?.stripeSubscriptionId === id ? stored : null
  const schedule = await scheduleOf(subscription)
  // Zero of a plan is no plan.
  const plan = item?.quantity === 0 ? FREE_PLAN : (item?.plan.name ?? known?.plan ?? FREE_PLAN)
  const charges = isHearsay ? await chargesTold(subscription, known) : await chargesOf(subscription, schedule, known)
  return {
    stripeSubscriptionId: id,
    // A price that is in no plan says nothing: what was sold stays until a human has looked at it.
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
    owed: isHearsay ? (known?.owed ?? null) : await owedToShow(subscription),
    endedReason: null,
    previousSubscriptionIds: [
      ...new Set([...(known?.previousSubscriptionIds ?? []), ...others.map((other) => other.id)]),
    ],
    endedSubscriptionId: stored?.endedSubscriptionId ?? null,
    toldAt: null,
  }
}

/** Free weeks are given as a trial too; only who has paid nothing for the plan is trying it. */
async function hasPaidFor(stripeSubscriptionId: string): Promise<boolean> {
  return (await BillingHistoryModel.exists({ stripeSubscriptionId, amount: { $gt: 0 } })) !== null
}

/** Nothing lives: back to Free. What never lived, like an unpaid first invoice, leaves no trace. */
function endedSnapshot(stored: User['subscription'], { known, hearsay }: Subscriptions): Snapshot | null {
  const id = stored?.stripeSubscriptionId
  const ended = id
    ? [...known, ...hearsay].find((one) => one.id === id)
    : // It was over before it was known here: its owner is told, and a late word of its beginning counts no more.
      [...(stored ? [] : known), ...hearsay]
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
