import { intervalsAfter } from '../../core/calendar.ts'
import { emit } from '../../core/events.ts'
import type { Subscription, SubscriptionItem, SubscriptionSchedule } from '../../core/shapes.ts'
import type { World } from '../../core/world.ts'
import { newSubscriptionItem, planOf } from '../../objects/catalog.ts'
import type { Phase } from '../../objects/schedule.ts'
import { intervalOf, isSameInterval, shortestInterval } from '../subscriptions/billing-interval.ts'
import { change, currentPeriod, end, ENDED } from '../subscriptions/status.ts'
import { redeem } from '../invoices/discounts.ts'
import { updateSubscription } from './update-subscription.ts'

/** Ends a phase: the next one starts, or the schedule completes and releases or cancels the subscription. */
export function advanceSchedule(world: World, schedule: SubscriptionSchedule): void {
  const subscription = world.tables.subscriptions.get(schedule.subscription ?? '')
  const now = world.now(schedule.customer)
  if (schedule.status !== 'active' || !subscription || !schedule.current_phase || schedule.current_phase.end_date > now)
    return
  if (ENDED.has(subscription.status)) return void stop(world, schedule)
  const next = schedule.phases.find((phase) => phase.start_date <= now && phase.end_date > now)
  if (!next) return finish(world, schedule, subscription)
  enter(world, subscription, next)
  takeDiscounts(world, subscription.id, next)
  const updated = world.tables.subscriptionSchedules.update(schedule.id, {
    current_phase: { start_date: next.start_date, end_date: next.end_date },
  })
  emit(world, 'subscription_schedule.updated', updated, schedule)
}

/** Starts a phase. At period end the renewal invoices the new prices; in mid-period it is an update. */
function enter(world: World, subscription: Subscription, phase: Phase): void {
  const matched = matchItems(subscription, phase)
  const isMidPeriod = matched.some(({ item, wanted }) => item && isOther(item, wanted) && isRunning(item, phase))
  const dropped = subscription.items.data.filter(({ id }) => !matched.some(({ item }) => item?.id === id))
  if (isMidPeriod || dropped.some((item) => isRunning(item, phase))) {
    updateSubscription(world, subscription, {
      items: [
        ...matched.map(({ item, wanted }) => ({
          id: item?.id,
          price: world.tables.prices.get(wanted.price)!,
          quantity: wanted.quantity,
        })),
        ...dropped.map(({ id }) => ({ id, deleted: true })),
      ],
      prorationBehavior: phase.proration_behavior as 'none',
      patch: metadataOf(subscription, phase),
    })
    return
  }
  const items = matched.map(({ item, wanted }) => replaced(world, subscription, wanted, item))
  const hasOtherInterval = ({ item }: Match, place: number) =>
    item !== undefined && !isSameInterval(intervalOf(item.price), intervalOf(items[place]!.price))
  // As with an update, a price with another interval starts a new period now.
  const restarts = matched.some(hasOtherInterval)
  change(world, subscription, {
    ...metadataOf(subscription, phase),
    items: { ...subscription.items, data: items },
    ...(restarts && { billing_cycle_anchor: phase.start_date }),
  })
}

interface Match {
  item: SubscriptionItem | undefined
  wanted: Phase['items'][number]
}

/** Matches items with the phase: an item with the same price stays, and the others are replaced one by one. */
function matchItems({ items: { data } }: Subscription, phase: Phase): Match[] {
  const isKept = ({ price }: SubscriptionItem) => phase.items.some((wanted) => wanted.price === price.id)
  const free = data.filter((item) => !isKept(item))
  return phase.items.map((wanted) => ({
    wanted,
    item: data.find(({ price }) => price.id === wanted.price) ?? free.shift(),
  }))
}

const isOther = (item: SubscriptionItem, { price, quantity = 1 }: Match['wanted']): boolean =>
  item.price.id !== price || (item.quantity ?? 1) !== quantity

const isRunning = ({ current_period_end: end }: SubscriptionItem, phase: Phase): boolean => end > phase.start_date

/** A phase is complete, so a coupon that it does not name is removed from the subscription. */
export function takeDiscounts(world: World, id: string, { discounts: named }: Phase): void {
  const subscription = world.tables.subscriptions.get(id)!
  const discounts = named.map(({ coupon, discount, promotion_code: code }) => {
    const request = { coupon: asId(coupon), discount: asId(discount), promotion_code: asId(code) }
    return redeem(world, request, { customer: subscription.customer, subscription: id }).id
  })
  const isSame =
    discounts.length === subscription.discounts.length &&
    discounts.every((one, at) => one === subscription.discounts[at])
  if (!isSame) change(world, subscription, { discounts })
}

const asId = (given: string | { id: string } | null): string | undefined =>
  typeof given === 'string' ? given : given?.id

function metadataOf(subscription: Subscription, phase: Phase): Partial<Subscription> {
  return phase.metadata && Object.keys(phase.metadata).length > 0
    ? { metadata: { ...subscription.metadata, ...phase.metadata } }
    : {}
}

function replaced(
  world: World,
  subscription: Subscription,
  { price: id, quantity = 1 }: Phase['items'][number],
  old: SubscriptionItem | undefined,
): SubscriptionItem {
  const price = world.tables.prices.get(id)!
  if (old) return { ...old, price, plan: planOf(price), quantity }
  return newSubscriptionItem(world.now(subscription.customer), {
    price,
    quantity,
    subscription: subscription.id,
    ...currentPeriod(subscription),
  })
}

function finish(world: World, schedule: SubscriptionSchedule, subscription: Subscription): void {
  if (schedule.end_behavior === 'release') return void release(world, schedule)
  if (schedule.end_behavior === 'cancel') {
    const done = world.tables.subscriptionSchedules.update(schedule.id, {
      status: 'completed',
      completed_at: world.now(schedule.customer),
      current_phase: null,
    })
    emit(world, 'subscription_schedule.updated', done, schedule)
    emit(world, 'subscription_schedule.completed', done)
    end(world, subscription, 'cancellation_requested')
  }
}

/** Cancels a schedule whose subscription has ended. */
function stop(world: World, schedule: SubscriptionSchedule): void {
  const stopped = world.tables.subscriptionSchedules.update(schedule.id, {
    status: 'canceled',
    canceled_at: world.now(schedule.customer),
    current_phase: null,
  })
  emit(world, 'subscription_schedule.canceled', stopped)
}

/** Releases the subscription, which continues unchanged. */
export function release(world: World, before: SubscriptionSchedule): SubscriptionSchedule {
  const after = world.tables.subscriptionSchedules.update(before.id, {
    status: 'released',
    released_at: world.now(before.customer),
    released_subscription: before.subscription,
    subscription: null,
    current_phase: null,
  })
  emit(world, 'subscription_schedule.updated', after, before)
  emit(world, 'subscription_schedule.released', after)
  const subscription = world.tables.subscriptions.get(before.subscription ?? '')
  if (subscription) change(world, subscription, { schedule: null })
  return after
}

/** The end of a phase that has a duration or a number of cycles instead of a date. */
export function endAfter(
  world: World,
  start: number,
  phase: {
    items: { price: string }[]
    iterations?: number
    duration?: { interval: string; interval_count?: number }
    end_date?: number
  },
): number {
  if (phase.end_date !== undefined) return phase.end_date
  if (phase.duration)
    return intervalsAfter(
      start,
      { interval: phase.duration.interval, interval_count: phase.duration.interval_count ?? 1 },
      1,
    )
  const cadence = shortestInterval(phase.items.map(({ price }) => world.tables.prices.get(price)!))
  return intervalsAfter(start, cadence, phase.iterations ?? 1)
}
