import { DAY } from '../core/clock.ts'
import { invalidRequest } from '../core/errors.ts'
import { emit } from '../core/events.ts'
import { find, liveCustomer } from '../core/lookup.ts'
import type { Subscription } from '../core/shapes.ts'
import type { World } from '../core/world.ts'
import { migrate, modeOfNew } from '../billing/subscriptions/billing-mode.ts'
import { redeem } from '../billing/invoices/discounts.ts'
import { prorate } from '../billing/subscriptions/proration.ts'
import { renew } from '../billing/lifecycle/renew-subscription.ts'
import { ENDED, change, currentPeriod, end } from '../billing/subscriptions/status.ts'
import { subscribe } from '../billing/lifecycle/create-subscription.ts'
import { updateSubscription } from '../billing/lifecycle/update-subscription.ts'
import { createDraft, finalize } from '../billing/invoices/invoice.ts'
import { collect } from '../billing/collection/collect.ts'
import { takePendingItems } from '../billing/invoices/lines.ts'
import { newId } from '../core/ids.ts'
import { endpoint, listEndpoint, within, retrieveEndpoint } from '../http/endpoint.ts'
import { atLeast, emptyable, flag, hash, ignored, integer, oneOf, range, required, text } from '../http/params.ts'
import {
  billingMode,
  common,
  details,
  endAtPeriod,
  itemChanges,
  plainPatch,
  prorationBehavior,
} from './subscription-params.ts'

export const subscriptions = [
  endpoint(
    'POST /v1/subscriptions',
    {
      ...common,
      billing_mode: billingMode,
      customer: required(text),
      currency: text,
      billing_cycle_anchor: integer,
      trial_period_days: atLeast(0),
      add_invoice_items: ignored,
      backdate_start_date: integer,
    },
    ({ world, params, version }) => {
      const billing_mode = modeOfNew(params.billing_mode, version)
      const customer = liveCustomer(world, params.customer)
      const now = world.now(customer.id)
      const items = itemChanges(world, params.items).flatMap(({ price, quantity = 1, metadata: pairs }) =>
        price ? [{ price, quantity, metadata: pairs ?? {} }] : [],
      )
      const days = params.trial_period_days
      const subscription = subscribe(world, {
        customer,
        items,
        currency: params.currency,
        billingCycleAnchor: params.billing_cycle_anchor,
        discounts: params.discounts ?? [],
        offSession: params.off_session,
        paymentBehavior: params.payment_behavior,
        trialEnd: typeof params.trial_end === 'number' ? params.trial_end : days ? now + days * DAY : null,
        given: { ...plainPatch(world, { ...params, cancel_at_period_end: undefined }), billing_mode },
      })
      return params.cancel_at_period_end
        ? change(world, subscription, endAtPeriod(world, subscription, true))
        : subscription
    },
  ),
  retrieveEndpoint('GET /v1/subscriptions/:id', 'subscriptions'),
  endpoint(
    'POST /v1/subscriptions/:id',
    {
      ...common,
      billing_cycle_anchor: oneOf('now', 'unchanged'),
      cancellation_details: details,
      pause_collection: emptyable(
        hash({ behavior: required(oneOf('keep_as_draft', 'mark_uncollectible', 'void')), resumes_at: integer }),
      ),
      proration_date: integer,
      add_invoice_items: ignored,
    },
    ({ world, id, params }) => {
      const before = find(world.tables.subscriptions, id)
      if (
        params.payment_behavior === 'pending_if_incomplete' &&
        (params.metadata !== undefined || params.default_payment_method)
      )
        throw invalidRequest(
          'When passing payment_behavior=pending_if_incomplete, you can only pass the following other parameters: expand, items, proration_behavior, proration_date, trial_end, trial_from_plan, billing_cycle_anchor, off_session.',
          'payment_behavior',
        )
      const patch = plainPatch(world, params, before)
      if (params.cancellation_details)
        patch.cancellation_details = {
          ...before.cancellation_details!,
          ...patch.cancellation_details,
          ...params.cancellation_details,
        }
      if (params.pause_collection !== undefined)
        patch.pause_collection = params.pause_collection && {
          behavior: params.pause_collection.behavior,
          resumes_at: params.pause_collection.resumes_at ?? null,
        }
      if (params.discounts !== undefined)
        patch.discounts = (params.discounts ?? []).map(
          (discount) => redeem(world, discount, { customer: before.customer, subscription: id }).id,
        )
      return updateSubscription(world, before, {
        items: params.items && itemChanges(world, params.items),
        prorationBehavior: params.proration_behavior,
        prorationDate: params.proration_date,
        billingCycleAnchor: params.billing_cycle_anchor,
        trialEnd: params.trial_end,
        paymentBehavior: params.payment_behavior,
        offSession: params.off_session,
        patch,
      })
    },
  ),
  endpoint(
    'DELETE /v1/subscriptions/:id',
    { cancellation_details: details, invoice_now: flag, prorate: flag },
    ({ world, id, params }) => {
      const subscription = find(world.tables.subscriptions, id)
      if (ENDED.has(subscription.status))
        throw invalidRequest(`No such subscription: '${id}'`, 'id', 'resource_missing', 404)
      const moment = world.now(subscription.customer)
      if (params.prorate)
        prorate(
          world,
          subscription,
          subscription.items.data.map((before) => ({ before, after: null })),
          moment,
        )
      if (params.invoice_now) invoiceNow(world, subscription)
      return end(world, world.tables.subscriptions.get(id)!, 'cancellation_requested', params.cancellation_details)
    },
  ),
  endpoint('POST /v1/subscriptions/:id/migrate', { billing_mode: required(billingMode) }, ({ world, id, params }) =>
    migrate(world, find(world.tables.subscriptions, id), params.billing_mode),
  ),
  endpoint(
    'POST /v1/subscriptions/:id/pause',
    {
      type: oneOf('subscription'),
      bill_for: hash({
        unused_time_from: hash({ type: required(oneOf('item_current_period_start', 'none', 'now')) }),
        outstanding_usage_through: ignored,
      }),
      invoicing_behavior: oneOf('pending_invoice_item'),
    },
    ({ world, id, params }) => {
      const before = find(world.tables.subscriptions, id)
      if (before.status !== 'active' || before.schedule)
        throw invalidRequest('Only an active subscription without a schedule can be paused.')
      const from = params.bill_for?.unused_time_from?.type ?? 'now'
      const ended = before.items.data.map((item) => ({ before: item, after: null }))
      const { start } = currentPeriod(before)
      if (from !== 'none') prorate(world, before, ended, from === 'now' ? world.now(before.customer) : start)
      const after = change(world, before, { status: 'paused' })
      emit(world, 'customer.subscription.paused', after)
      return after
    },
  ),
  endpoint(
    'POST /v1/subscriptions/:id/resume',
    {
      billing_cycle_anchor: ignored,
      payment_behavior: ignored,
      proration_behavior: prorationBehavior,
      proration_date: integer,
    },
    ({ world, id }) => {
      const before = find(world.tables.subscriptions, id)
      if (before.status !== 'paused')
        throw invalidRequest(`You can only resume a paused subscription. This subscription is ${before.status}.`)
      const now = world.now(before.customer)
      const items = before.items.data.map((item) => ({ ...item, current_period_end: now }))
      const invoice = renew(
        world,
        { ...before, items: { ...before.items, data: items } },
        { billing_cycle_anchor: now },
      )
      // The subscription stays paused until this invoice is paid; see `invoicePaid`.
      collect(world, finalize(world, invoice))
      return world.tables.subscriptions.get(id)!
    },
  ),
  listEndpoint(
    'GET /v1/subscriptions',
    'subscriptions',
    {
      collection_method: text,
      created: range,
      current_period_end: range,
      current_period_start: range,
      customer: text,
      price: text,
      status: oneOf(
        'active',
        'all',
        'canceled',
        'ended',
        'incomplete',
        'incomplete_expired',
        'past_due',
        'paused',
        'trialing',
        'unpaid',
      ),
      test_clock: text,
    },
    {
      by: {
        current_period_end: (row, wanted) => within(currentPeriod(row).end, wanted),
        current_period_start: (row, wanted) => within(currentPeriod(row).start, wanted),
        price: (row, id) => row.items.data.some((item) => item.price.id === id),
        status: hasStatus,
      },
      where: ({ status, test_clock }, { params }) =>
        (params.status !== undefined || status !== 'canceled') &&
        // Without a customer or clock in the request, subscriptions under a test clock are left out.
        (params.test_clock !== undefined || params.customer !== undefined || !test_clock),
    },
  ),
]

function hasStatus({ status }: Subscription, wanted: string): boolean {
  if (wanted === 'all') return true
  return wanted === 'ended' ? ENDED.has(status) : status === wanted
}

/** Invoices pending items now, because there will be no next invoice. */
function invoiceNow(world: World, subscription: Subscription): void {
  const id = newId('in')
  const lines = takePendingItems(world, subscription.customer, subscription.id, id)
  if (lines.length === 0) return
  const customer = world.tables.customers.get(subscription.customer)!
  const draft = createDraft(world, {
    customer,
    subscription,
    lines,
    reason: 'manual',
    currency: subscription.currency,
    given: { id },
  })
  collect(world, finalize(world, draft), { offSession: true })
}
