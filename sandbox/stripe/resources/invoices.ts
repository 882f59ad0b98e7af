import { StripeApiError, invalidRequest } from '../core/errors.ts'
import { emit } from '../core/events.ts'
import { newId } from '../core/ids.ts'
import { find, liveCustomer } from '../core/lookup.ts'
import type { Invoice } from '../core/shapes.ts'
import { attachPayment } from '../billing/collection/attach-payment.ts'
import { collect } from '../billing/collection/collect.ts'
import { redeem } from '../billing/invoices/discounts.ts'
import { createDraft, finalize, markUncollectible, recount, voidInvoice } from '../billing/invoices/invoice.ts'
import { takePendingItems } from '../billing/invoices/lines.ts'
import { findMethod, attach } from '../billing/payments/payment-method.ts'
import { payOutOfBand } from '../billing/collection/pay-out-of-band.ts'
import { endpoint, listEndpoint, retrieveEndpoint, pageOf } from '../http/endpoint.ts'
import {
  atLeast,
  emptyable,
  flag,
  hash,
  ignored,
  integer,
  mergeMetadata,
  metadata,
  oneOf,
  range,
  required,
  text,
} from '../http/params.ts'
import { currencyOf } from './price-data.ts'
import { automaticTax, discounts } from './subscription-params.ts'

const fields = {
  auto_advance: flag,
  automatic_tax: automaticTax,
  collection_method: oneOf('charge_automatically', 'send_invoice'),
  days_until_due: atLeast(0),
  default_payment_method: text,
  description: emptyable(text),
  discounts,
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
          ? takePendingItems(world, customer.id, subscription?.id ?? null, id)
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
  retrieveEndpoint('GET /v1/invoices/:id', 'invoices'),
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
      if (params.paid_out_of_band && open.status !== 'paid') return payOutOfBand(world, open)
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
      return pageOf(find(world.tables.invoices, id).lines, params)
    },
  ),
  listEndpoint(
    'GET /v1/invoices',
    'invoices',
    {
      collection_method: text,
      created: range,
      customer: text,
      due_date: range,
      status: oneOf('draft', 'open', 'paid', 'uncollectible', 'void'),
      subscription: text,
    },
    { by: { subscription: (row, id) => row.parent?.subscription_details?.subscription === id } },
  ),
]

export const invoicePayments = [
  retrieveEndpoint('GET /v1/invoice_payments/:id', 'invoicePayments'),
  listEndpoint(
    'GET /v1/invoice_payments',
    'invoicePayments',
    {
      created: range,
      invoice: text,
      payment: hash({ payment_intent: text, payment_record: text, type: text }),
      status: oneOf('canceled', 'open', 'paid'),
    },
    {
      by: { payment: (row, wanted) => !wanted.payment_intent || row.payment.payment_intent === wanted.payment_intent },
    },
  ),
]
