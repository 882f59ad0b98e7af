import { HOUR } from '../../core/clock.ts'
import type { Seconds } from '../../core/clock.ts'
import { nextBoundary } from '../../core/calendar.ts'
import { StripeApiError, invalidRequest } from '../../core/errors.ts'
import { newId } from '../../core/ids.ts'
import type { Invoice, Price, Subscription, SubscriptionItem } from '../../core/shapes.ts'
import type { World } from '../../core/world.ts'
import { newSubscriptionItem, planOf } from '../../objects/catalog.ts'
import { intervalOf, isSameInterval, periodAround, requireCompatiblePrices } from '../subscriptions/billing-interval.ts'
import { collect } from '../collection/collect.ts'
import { createDraft, finalize } from '../invoices/invoice.ts'
import { periodLines, takePendingItems } from '../invoices/lines.ts'
import { holdUpdate } from '../subscriptions/pending-update.ts'
import { prorate } from '../subscriptions/proration.ts'
import type { ItemTransition } from '../subscriptions/proration.ts'
import { ENDED, change, currentPeriod } from '../subscriptions/status.ts'
import type { PaymentBehavior } from './create-subscription.ts'
import { endTrialWithoutCard } from '../subscriptions/trial-end.ts'

export interface ItemChange {
  id?: string
  price?: Price
  quantity?: number
  deleted?: boolean
  metadata?: Record<string, string>
}

export interface UpdateRequest {
  items?: ItemChange[]
  prorationBehavior?: 'always_invoice' | 'create_prorations' | 'none'
  prorationDate?: Seconds
  billingCycleAnchor?: 'now' | 'unchanged'
  trialEnd?: Seconds | 'now'
  paymentBehavior?: PaymentBehavior
  offSession?: boolean
  /** Fields that move no money: metadata, the card, the end. */
  patch?: Partial<Subscription>
}

/** Updates a subscription as `POST /v1/subscriptions/:id` does, with its prorations and invoice. */
export function updateSubscription(world: World, before: Subscription, request: UpdateRequest): Subscription {
  const plan = plannedChange(world, before, request)
  if (ENDED.has(before.status) && (plan || request.patch?.cancel_at_period_end !== undefined))
    throw invalidRequest('A canceled subscription can only update its cancellation_details and metadata.')
  if (!plan) return change(world, before, request.patch ?? {})
  if (before.status === 'incomplete')
    throw invalidRequest(
      'This subscription cannot be updated because it is incomplete: pay or void its first invoice.',
      'items',
    )
  if (before.status === 'trialing' && request.trialEnd === 'now') {
    const { items, trial_end } = { ...before, ...plan.patch }
    const data = items.data.map((item) => ({ ...item, current_period_end: world.now(before.customer) }))
    const rests = endTrialWithoutCard(world, before, { ...request.patch, trial_end, items: { ...items, data } })
    if (rests) return rests
  }

  const behavior = request.paymentBehavior ?? 'allow_incomplete'
  const patch = { ...request.patch, ...plan.patch }
  if (!plan.invoicesNow) {
    prorateUnlessNone(world, before, plan, request)
    return change(world, before, patch)
  }
  const id = newId('in')
  if (behavior === 'pending_if_incomplete') {
    const invoice = invoiceNow(world, before, { ...before, ...patch }, plan, request, id)
    const collected = collect(world, invoice, { offSession: request.offSession }).invoice
    const current = world.tables.subscriptions.get(before.id)!
    if (collected.status === 'paid') return change(world, current, { ...patch, latest_invoice: id })
    const restored = world.tables.subscriptions.update(before.id, { status: before.status })
    return holdUpdate(world, restored, { invoice: id, patch, expiresAt: world.now(before.customer) + 23 * HOUR })
  }
  const after = change(world, before, { ...patch, latest_invoice: id })
  const invoice = invoiceNow(world, before, after, plan, request, id)
  if (invoice.status === 'open' && (behavior === 'default_incomplete' || after.collection_method === 'send_invoice'))
    return world.tables.subscriptions.get(after.id)!
  const { invoice: collected, error } = collect(world, invoice, { offSession: request.offSession })
  if (behavior === 'error_if_incomplete' && collected.status !== 'paid')
    throw new StripeApiError(
      402,
      error ?? {
        type: 'card_error',
        code: 'subscription_payment_intent_requires_action',
        message:
          'Payment for this subscription requires additional user action before it can be completed successfully.',
      },
    )
  const now = world.tables.subscriptions.get(after.id)!
  return collected.status !== 'paid' && now.status === 'active' ? change(world, now, { status: 'past_due' }) : now
}

interface PlannedChange {
  patch: Partial<Subscription>
  transitions: ItemTransition[]
  moment: Seconds
  /** Whether this change starts a new billing period. */
  restarts: boolean
  invoicesNow: boolean
}

function plannedChange(world: World, subscription: Subscription, request: UpdateRequest): PlannedChange | null {
  const now = world.now(subscription.customer)
  const transitions = itemTransitions(world, subscription, request.items ?? [])
  const touched = request.items !== undefined && request.items.length > 0
  if (!touched && request.billingCycleAnchor !== 'now' && request.trialEnd === undefined) return null
  const moment = request.prorationDate ?? now
  const period = currentPeriod(subscription)
  if (moment < period.start || moment > period.end)
    throw invalidRequest('Cannot specify proration_date outside of current subscription period.', 'proration_date')
  const kept = transitions.flatMap(({ after }) => (after ? [after] : []))
  requireCompatiblePrices(
    kept.map(({ price }) => price),
    subscription.billing_mode,
  )
  const trialing = subscription.status === 'trialing'
  const newTrialEnd = request.trialEnd === 'now' ? now : request.trialEnd
  const staysInTrial = newTrialEnd !== undefined ? newTrialEnd > now : trialing
  const wasFree = subscription.items.data.every(({ price }) => !price.unit_amount)
  const restarts =
    !staysInTrial &&
    (trialing ||
      changesInterval(transitions) ||
      request.billingCycleAnchor === 'now' ||
      (wasFree && kept.some(({ price }) => price.unit_amount)))
  const isMoved = restarts || newTrialEnd !== undefined
  const items = kept.map((item) => ({
    ...item,
    ...(isMoved && { current_period_start: now }),
    ...(restarts && { current_period_end: nextBoundary(now, intervalOf(item.price), now) }),
    ...(staysInTrial && newTrialEnd !== undefined && { current_period_end: newTrialEnd }),
  }))
  return {
    patch: {
      items: { ...subscription.items, data: items },
      ...(restarts && {
        billing_cycle_anchor: now,
        status: subscription.status === 'trialing' ? ('active' as const) : subscription.status,
      }),
      ...(newTrialEnd !== undefined && {
        trial_end: newTrialEnd,
        trial_start: subscription.trial_start ?? now,
        ...(staysInTrial && { status: 'trialing' as const, billing_cycle_anchor: newTrialEnd }),
      }),
    },
    transitions: transitions.map(({ before, after }) => ({
      before,
      after: after && (items.find(({ id }) => id === after.id) ?? after),
    })),
    moment,
    restarts,
    invoicesNow: !staysInTrial && (restarts || request.prorationBehavior === 'always_invoice'),
  }
}

/** Whether an item changes its interval, or none keeps one: then a new billing period begins. */
function changesInterval(transitions: ItemTransition[]): boolean {
  const isOther = ({ before, after }: ItemTransition) =>
    before && after && !isSameInterval(intervalOf(before.price), intervalOf(after.price))
  const before = transitions.flatMap((one) => (one.before ? [intervalOf(one.before.price)] : []))
  const after = transitions.flatMap((one) => (one.after ? [intervalOf(one.after.price)] : []))
  return transitions.some(isOther) || !after.some((one) => before.some((other) => isSameInterval(one, other)))
}

/** Each item before and after the change; a change without an id adds an item. */
function itemTransitions(world: World, subscription: Subscription, changes: ItemChange[]): ItemTransition[] {
  const items = subscription.items.data
  for (const { id } of changes)
    if (id && !items.some((item) => item.id === id))
      throw invalidRequest(`No such subscription item: '${id}'`, 'items[0][id]', 'resource_missing')
  const existing = items.map((before): ItemTransition => {
    const wanted = changes.find(({ id }) => id === before.id)
    if (wanted?.deleted) return { before, after: null }
    if (!wanted) return { before, after: before }
    const price = wanted.price ?? before.price
    const after: SubscriptionItem = {
      ...before,
      price,
      plan: planOf(price),
      quantity: wanted.quantity ?? before.quantity,
      metadata: wanted.metadata ?? before.metadata,
    }
    return { before, after }
  })
  const added = changes.flatMap(({ id, price, quantity = 1, metadata }): ItemTransition[] => {
    if (id || !price) return []
    const { start, end } = periodOfNew(world, subscription, price)
    const after = newSubscriptionItem(world.now(subscription.customer), {
      price,
      quantity,
      metadata,
      subscription: subscription.id,
      start,
      end,
    })
    return [{ before: null, after }]
  })
  if ([...existing, ...added].every(({ after }) => after === null))
    throw invalidRequest('A subscription must have at least one active plan.', 'items')
  return [...existing, ...added]
}

/** The period of an added item: that of other items with its interval, or where theirs would be. */
function periodOfNew(world: World, subscription: Subscription, price: Price): { start: Seconds; end: Seconds } {
  const cadence = intervalOf(price)
  const like = subscription.items.data.find((item) => isSameInterval(intervalOf(item.price), cadence))
  if (like) return { start: like.current_period_start, end: like.current_period_end }
  if (subscription.status === 'trialing') return currentPeriod(subscription)
  return periodAround(subscription.billing_cycle_anchor, cadence, world.now(subscription.customer))
}

function prorateUnlessNone(
  world: World,
  before: Subscription,
  plan: PlannedChange,
  { prorationBehavior = 'create_prorations' }: UpdateRequest,
): void {
  if (prorationBehavior !== 'none') prorate(world, before, plan.transitions, plan.moment, { charge: !plan.restarts })
}

/** Invoices prorations at once, and a new billing period in full. */
function invoiceNow(
  world: World,
  before: Subscription,
  after: Subscription,
  plan: PlannedChange,
  request: UpdateRequest,
  id: string,
): Invoice {
  prorateUnlessNone(world, before, plan, request)
  const draft = createDraft(world, {
    customer: world.tables.customers.get(after.customer)!,
    subscription: after,
    lines: [
      ...takePendingItems(world, after.customer, after.id, id),
      ...(plan.restarts ? periodLines(world, after, after.items.data) : []),
    ],
    reason: 'subscription_update',
    currency: after.currency,
    prorationDate: plan.moment,
    given: { id },
  })
  return finalize(world, draft)
}
