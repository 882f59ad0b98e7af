import { StripeApiError, invalidRequest } from '../core/errors.ts'
import { emit } from '../core/events.ts'
import { newId } from '../core/ids.ts'
import { find, liveCustomer } from '../core/lookup.ts'
import type { Invoice } from '../core/shapes.ts'
import { attachPayment } from '../billing/collection/attach-payment.ts'
import { collect } from '../billing/collection/collect.ts'
import { redeem } from '../billing/invoices/discounts.ts'
import { createDraft, finalize, markUncollectible, recount, voidInvoice } from '../billing/invoices/invoice.ts'
import { takePending } from '../billing/invoices/lines.ts'
import { findMethod, attach } from '../billing/payments/payment-method.ts'
import { settleOtherwise } from '../billing/collection/pay-out-of-band.ts'
import { endpoint, listEndpoint, within } from '../http/endpoint.ts'
import {
  atLeast,
  emptyable,
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
import { currencyOf } from './price-data.ts'

const fields = {
  auto_advance: flag,
  automatic_tax: hash({ enabled: required(flag), liability: ignored }),
  collection_method: oneOf('charge_automatically', 'send_invoice'),
  days_until_due: atLeast(0),
  default_payment_method: text,
  description: emptyable(text),
  discounts: emptyable(list(hash({ coupon: text, promotion_code: text, discount: text }))),
  due_date: integer,
  footer: emptyable(text),
  metadata,
  payment_settings: ignored,
  rendering: ignored,
}

export const invoices = [
  endpoint(
    'POST /v1/invoices',
    {
      ...fields,
      customer: required(text),
      currency: text,
      subscription: text,
      pending_invoice_items_behavior: oneOf('exclude', 'include'),
    },
    ({ world, params }) => {
      const customer = liveCustomer(world, params.customer)
      const subscription = params.subscription
        ? find(world.tables.subscriptions, params.subscription, 'subscription')
        : undefined
      const id = newId('in')
      const lines =
        params.pending_invoice_items_behavior === 'include' || subscription
          ? takePending(world, customer.id, subscription?.id ?? null, id)
          : []
      return createDraft(world, {
        customer,
        subscription,
        lines,
        reason: 'manual',
        currency: lines[0]?.currency ?? (params.currency ? currencyOf(params.currency) : (customer.currency ?? 'usd')),
        automaticTax: params.automatic_tax?.enabled,
        discounts: params.discounts?.map(
          (discount) => redeem(world, discount, { customer: customer.id, invoice: id }).id,
        ),
        given: {
          id,
          auto_advance: params.auto_advance ?? false,
          collection_method: params.collection_method ?? 'charge_automatically',
          default_payment_method: params.default_payment_method ?? null,
          description: params.description ?? null,
          due_date:
            params.due_date ??
            (params.days_until_due !== undefined ? world.now(customer.id) + params.days_until_due * 86_400 : null),
          footer: params.footer ?? null,
          metadata: params.metadata ?? {},
        },
      })
    },
  ),
  endpoint('GET /v1/invoices/:id', {}, ({ world, id }) => find(world.tables.invoices, id)),
  endpoint('POST /v1/invoices/:id', fields, ({ world, id, params }) => {
    const before = find(world.tables.invoices, id)
    const {
      metadata: pairs,
      discounts,
      automatic_tax,
      payment_settings: _p,
      rendering: _r,
      days_until_due: _d,
      ...plain
    } = params
    const changed: Invoice = {
      ...before,
      ...plain,
      metadata: mergeMetadata(before.metadata ?? {}, pairs),
      ...(discounts !== undefined && {
        discounts: (discounts ?? []).map(
          (discount) => redeem(world, discount, { customer: before.customer, invoice: id }).id,
        ),
      }),
      ...(automatic_tax && { automatic_tax: { ...before.automatic_tax, enabled: automatic_tax.enabled } }),
    }
    const after = world.tables.invoices.update(id, before.status === 'draft' ? recount(world, changed) : changed)
    emit(world, 'invoice.updated', after, before)
    return after
  }),
  endpoint('DELETE /v1/invoices/:id', {}, ({ world, id }) => {
    const invoice = find(world.tables.invoices, id)
    if (invoice.status !== 'draft') throw invalidRequest('You can only delete draft invoices.')
    for (const item of world.tables.invoiceItems.filter((row) => row.invoice === id))
      world.tables.invoiceItems.update(item.id, { invoice: null })
    world.tables.invoices.remove(id)
    emit(world, 'invoice.deleted', invoice)
    return { id, object: 'invoice', deleted: true }
  }),
  endpoint('POST /v1/invoices/:id/finalize', { auto_advance: flag }, ({ world, id, params }) => {
    const open = finalize(world, find(world.tables.invoices, id))
    if (open.status === 'paid') return collect(world, open).invoice
    return params.auto_advance === undefined
      ? open
      : world.tables.invoices.update(id, { auto_advance: params.auto_advance })
  }),
  endpoint(
    'POST /v1/invoices/:id/pay',
    { payment_method: text, paid_out_of_band: flag, off_session: flag, forgive: flag, source: text },
    ({ world, id, params }) => {
      const found = find(world.tables.invoices, id)
      if (found.status === 'paid') throw invalidRequest('Invoice is already paid', undefined, 'invoice_already_paid')
      if (found.status === 'void') throw invalidRequest('You cannot pay a voided invoice.')
      const open = found.status === 'draft' ? finalize(world, found) : found
      if (params.paid_out_of_band && open.status !== 'paid') return settleOtherwise(world, open)
      const method = params.payment_method ? findMethod(world, params.payment_method) : undefined
      if (method && !method.customer) attach(world, method, liveCustomer(world, open.customer!))
      const { invoice, error } = collect(world, open, { method, offSession: params.off_session ?? true })
      if (error) throw new StripeApiError(error.type === 'card_error' ? 402 : 400, error, true)
      if (invoice.status === 'open')
        throw new StripeApiError(
          402,
          {
            type: 'card_error',
            code: 'invoice_payment_intent_requires_action',
            message: 'This payment requires additional user action before it can be completed successfully.',
          },
          true,
        )
      return invoice
    },
  ),
  endpoint('POST /v1/invoices/:id/attach_payment', { payment_intent: required(text) }, ({ world, id, params }) =>
    attachPayment(
      world,
      find(world.tables.invoices, id),
      find(world.tables.paymentIntents, params.payment_intent, 'payment_intent'),
    ),
  ),
  endpoint('POST /v1/invoices/:id/void', {}, ({ world, id }) => voidInvoice(world, find(world.tables.invoices, id))),
  endpoint('POST /v1/invoices/:id/mark_uncollectible', {}, ({ world, id }) =>
    markUncollectible(world, find(world.tables.invoices, id)),
  ),
  endpoint('POST /v1/invoices/:id/send', {}, ({ world, id }) => {
    const found = find(world.tables.invoices, id)
    const open = found.status === 'draft' ? finalize(world, found) : found
    emit(world, 'invoice.sent', open)
    return open
  }),
  endpoint(
    'GET /v1/invoices/:id/lines',
    { limit: integer, starting_after: text, ending_before: text },
    ({ world, id, params }) => {
      const { lines } = find(world.tables.invoices, id)
      const start = params.starting_after ? lines.data.findIndex((line) => line.id === params.starting_after) + 1 : 0
      const data = lines.data.slice(start, start + (params.limit ?? 10))
      return { ...lines, data, has_more: start + data.length < lines.data.length }
    },
  ),
  listEndpoint(
    'GET /v1/invoices',
    (world) => world.tables.invoices,
    {
      collection_method: text,
      created: range,
      customer: text,
      due_date: range,
      status: oneOf('draft', 'open', 'paid', 'uncollectible', 'void'),
      subscription: text,
    },
    (row, { params }) =>
      (!params.customer || row.customer === params.customer) &&
      (!params.subscription || row.parent?.subscription_details?.subscription === params.subscription) &&
      (!params.status || row.status === params.status) &&
      within(row.created, params.created),
  ),
]

export const invoicePayments = [
  endpoint('GET /v1/invoice_payments/:id', {}, ({ world, id }) => find(world.tables.invoicePayments, id)),
  listEndpoint(
    'GET /v1/invoice_payments',
    (world) => world.tables.invoicePayments,
    {
      created: range,
      invoice: text,
      payment: hash({ payment_intent: text, payment_record: text, type: text }),
      status: oneOf('canceled', 'open', 'paid'),
    },
    (row, { params }) =>
      (!params.invoice || row.invoice === params.invoice) &&
      (!params.status || row.status === params.status) &&
      (!params.payment?.payment_intent || row.payment.payment_intent === params.payment.payment_intent),
  ),
]
