import { invalidRequest } from '../core/errors.ts'
import { emit } from '../core/events.ts'
import { find, liveCustomer } from '../core/lookup.ts'
import type { Subscription, SubscriptionSchedule } from '../core/shapes.ts'
import type { World } from '../core/world.ts'
import { advanceSchedule, endAfter, release, takeDiscounts } from '../billing/lifecycle/schedule.ts'
import { inCurrency } from '../billing/invoices/currency-options.ts'
import { requireCompatiblePrices } from '../billing/subscriptions/billing-interval.ts'
import { modeOfNew } from '../billing/subscriptions/billing-mode.ts'
import type { ModeRequest } from '../billing/subscriptions/billing-mode.ts'
import { subscribe } from '../billing/lifecycle/create-subscription.ts'
import { change, currentPeriod, end } from '../billing/subscriptions/status.ts'
import { updateSubscription } from '../billing/lifecycle/update-subscription.ts'
import { newPhase, newSubscriptionSchedule } from '../objects/schedule.ts'
import type { Phase } from '../objects/schedule.ts'
import { endpoint, listEndpoint, retrieveEndpoint } from '../http/endpoint.ts'
import {
  atLeast,
  either,
  flag,
  hash,
  ignored,
  integer,
  list,
  mergeMetadata,
  metadata,
  oneOf,
  range,
  required,
  text,
} from '../http/params.ts'
import type { Values } from '../http/params.ts'
import { billingMode, prorationBehavior, discounts } from './subscription-params.ts'

const phaseFields = {
  items: required(
    list(
      hash({
        price: required(text),
        plan: text,
        quantity: atLeast(0),
        metadata,
        tax_rates: ignored,
        discounts: ignored,
      }),
    ),
  ),
  start_date: either(oneOf('now'), integer),
  end_date: either(oneOf('now'), integer),
  duration: hash({ interval: required(oneOf('day', 'week', 'month', 'year')), interval_count: atLeast(1) }),
  iterations: atLeast(1),
  proration_behavior: prorationBehavior,
  metadata,
  add_invoice_items: ignored,
  automatic_tax: ignored,
  billing_cycle_anchor: oneOf('automatic', 'phase_start'),
  collection_method: oneOf('charge_automatically', 'send_invoice'),
  currency: text,
  default_payment_method: text,
  description: text,
  discounts,
  trial: flag,
  trial_end: integer,
}
const phase = hash(phaseFields)
const endBehavior = oneOf('cancel', 'none', 'release', 'renew')

export const subscriptionSchedules = [
  endpoint(
    'POST /v1/subscription_schedules',
    {
      from_subscription: text,
      customer: text,
      start_date: either(oneOf('now'), integer),
      phases: list(phase),
      end_behavior: endBehavior,
      metadata,
      billing_mode: billingMode,
      default_settings: ignored,
    },
    ({ world, params, version }) => {
      if (params.from_subscription && params.billing_mode)
        throw invalidRequest(
          'You cannot set `billing_mode` when `from_subscription` is set: the schedule has the mode of its subscription.',
          'billing_mode',
        )
      const subscription = params.from_subscription
        ? find(world.tables.subscriptions, params.from_subscription, 'from_subscription')
        : started(world, params, version)
      if (subscription.schedule)
        throw invalidRequest(
          `You cannot migrate a subscription that is already attached to a schedule: ${subscription.schedule}.`,
          'from_subscription',
        )
      const made = newSubscriptionSchedule(
        world.now(subscription.customer),
        subscription,
        currentPhase(subscription),
        params.metadata ?? {},
      )
      const phases = params.phases && !params.from_subscription ? phasesOf(world, made, params.phases) : made.phases
      const [first] = phases
      const schedule = world.tables.subscriptionSchedules.insert({
        ...made,
        phases,
        current_phase: { start_date: first!.start_date, end_date: first!.end_date },
        ...(params.end_behavior && { end_behavior: params.end_behavior }),
      })
      change(world, subscription, { schedule: schedule.id })
      emit(world, 'subscription_schedule.created', schedule)
      return schedule
    },
  ),
  retrieveEndpoint('GET /v1/subscription_schedules/:id', 'subscriptionSchedules'),
  endpoint(
    'POST /v1/subscription_schedules/:id',
    {
      phases: list(phase),
      end_behavior: endBehavior,
      metadata,
      proration_behavior: prorationBehavior,
      default_settings: ignored,
    },
    ({ world, id, params }) => {
      const before = running(world, id)
      const phases = params.phases ? phasesOf(world, before, params.phases) : before.phases
      const now = world.now(before.customer)
      const current = phases.find((row) => row.start_date <= now && row.end_date > now) ?? phases[0]!
      const after = world.tables.subscriptionSchedules.update(id, {
        phases,
        current_phase: { start_date: current.start_date, end_date: current.end_date },
        ...(params.end_behavior && { end_behavior: params.end_behavior }),
        metadata: mergeMetadata(before.metadata ?? {}, params.metadata),
      })
      emit(world, 'subscription_schedule.updated', after, before)
      // A phase is complete, so a current phase that no longer has a trial ends it.
      const subscription = world.tables.subscriptions.get(before.subscription ?? '')
      if (subscription?.status === 'trialing' && !current.trial_end)
        updateSubscription(world, subscription, { trialEnd: 'now' })
      if (subscription && params.phases) takeDiscounts(world, subscription.id, current)
      advanceSchedule(world, after)
      return world.tables.subscriptionSchedules.get(id)
    },
  ),
  endpoint('POST /v1/subscription_schedules/:id/release', { preserve_cancel_date: flag }, ({ world, id }) =>
    release(world, running(world, id)),
  ),
  endpoint('POST /v1/subscription_schedules/:id/cancel', { invoice_now: flag, prorate: flag }, ({ world, id }) => {
    const before = running(world, id)
    const after = world.tables.subscriptionSchedules.update(id, {
      status: 'canceled',
      canceled_at: world.now(before.customer),
      current_phase: null,
    })
    emit(world, 'subscription_schedule.updated', after, before)
    emit(world, 'subscription_schedule.canceled', after)
    const subscription = world.tables.subscriptions.get(before.subscription ?? '')
    if (subscription) end(world, subscription, 'cancellation_requested')
    return after
  }),
  listEndpoint('GET /v1/subscription_schedules', 'subscriptionSchedules', {
    customer: text,
    created: range,
    scheduled: ignored,
    canceled_at: range,
    completed_at: range,
    released_at: range,
  }),
]

/** A schedule without a subscription starts by creating one with its first phase. */
function started(
  world: World,
  {
    customer,
    phases,
    start_date,
    billing_mode,
  }: {
    customer?: string
    phases?: Values<typeof phaseFields>[]
    start_date?: number | 'now'
    billing_mode?: ModeRequest
  },
  version: string,
): Subscription {
  if (!customer || !phases?.[0])
    throw invalidRequest('You must provide from_subscription, or customer and phases.', 'customer', 'parameter_missing')
  const found = liveCustomer(world, customer)
  if (typeof start_date === 'number' && start_date > world.now(customer) + 60)
    throw invalidRequest('The sandbox starts schedules at once; leave start_date out or say now.', 'start_date')
  const items = phases[0].items.map(({ price, quantity = 1 }, index) => ({
    price: find(world.tables.prices, price, `phases[0][items][${index}][price]`),
    quantity,
  }))
  const given = { billing_mode: modeOfNew(billing_mode, version) }
  return subscribe(world, { customer: found, items, paymentBehavior: 'default_incomplete', given })
}

function running(world: World, id: string): SubscriptionSchedule {
  const schedule = find(world.tables.subscriptionSchedules, id)
  if (schedule.status !== 'active' && schedule.status !== 'not_started')
    throw invalidRequest(`You cannot change a schedule that is ${schedule.status}.`)
  return schedule
}

/** The current phase of a subscription: its items, until period end. */
function currentPhase(subscription: Subscription): Phase {
  const { start, end: until } = currentPeriod(subscription)
  return newPhase({
    currency: subscription.currency,
    start,
    end: until,
    trialEnd: subscription.status === 'trialing' ? subscription.trial_end : null,
    items: subscription.items.data.map(({ price, quantity, metadata: pairs }) => ({
      price: price.id,
      quantity: quantity ?? 1,
      metadata: pairs,
    })),
    discounts: subscription.discounts.map((discount) => ({ discount })),
  })
}

/** The phases in sequence without a gap; past and current ones keep their start. */
function phasesOf(world: World, schedule: SubscriptionSchedule, wanted: Values<typeof phaseFields>[]): Phase[] {
  let start = schedule.phases[0]!.start_date
  const { currency } = schedule.phases[0]!
  return wanted.map((params, index) => {
    const now = world.now(schedule.customer)
    const items = params.items.map(({ price, quantity, metadata: pairs }, position) => ({
      price: find(world.tables.prices, price, `phases[${index}][items][${position}][price]`).id,
      quantity: quantity ?? 1,
      metadata: pairs ?? {},
    }))
    const prices = items.map(({ price }) => world.tables.prices.get(price)!)
    requireCompatiblePrices(prices, schedule.billing_mode)
    for (const price of prices) inCurrency(world, price, currency)
    if (index > 0 && typeof params.start_date === 'number' && params.start_date !== start)
      throw invalidRequest(
        'The start date of a phase must equal the end date of the phase before.',
        `phases[${index}][start_date]`,
      )
    const from = index === 0 && typeof params.start_date === 'number' ? params.start_date : start
    const until =
      params.end_date === 'now'
        ? now
        : endAfter(world, from, {
            items,
            iterations: params.iterations,
            duration: params.duration,
            end_date: params.end_date,
          })
    if (until <= from)
      throw invalidRequest('The end date of a phase must be after its start date.', `phases[${index}][end_date]`)
    start = until
    return newPhase({
      currency,
      start: from,
      end: until,
      items,
      metadata: params.metadata ?? {},
      prorationBehavior: params.proration_behavior,
      trialEnd: params.trial ? until : params.trial_end,
      discounts: params.discounts || [],
    })
  })
}
