import { invalidRequest } from '../core/errors.ts'
import { emit } from '../core/events.ts'
import { find, liveCustomer } from '../core/lookup.ts'
import type { Invoice } from '../core/shapes.ts'
import type { World } from '../core/world.ts'
import { recount } from '../billing/invoices/invoice.ts'
import { lineOf } from '../billing/invoices/lines.ts'
import { newInvoiceItem } from '../objects/invoice.ts'
import { endpoint, listEndpoint, within, retrieveEndpoint } from '../http/endpoint.ts'
import { atLeast, emptyable, flag, hash, ignored, integer, metadata, range, required, text } from '../http/params.ts'
import { currencyOf } from './price-data.ts'

const itemFields = {
  amount: integer,
  description: emptyable(text),
  discountable: flag,
  metadata,
  quantity: atLeast(0),
  unit_amount_decimal: text,
  period: hash({ start: required(integer), end: required(integer) }),
  tax_rates: ignored,
  tax_behavior: ignored,
}

export const invoiceItems = [
  endpoint(
    'POST /v1/invoiceitems',
    {
      ...itemFields,
      customer: required(text),
      currency: text,
      invoice: text,
      price: text,
      pricing: hash({ price: text }),
      subscription: text,
      price_data: hash({
        currency: required(text),
        product: required(text),
        unit_amount: integer,
        unit_amount_decimal: text,
      }),
    },
    ({ world, params }) => {
      const customer = liveCustomer(world, params.customer)
      const id = params.pricing?.price ?? params.price
      const price = id ? find(world.tables.prices, id, 'price') : null
      const quantity = params.quantity ?? 1
      const unit =
        price?.unit_amount ??
        params.price_data?.unit_amount ??
        (params.unit_amount_decimal ? Number(params.unit_amount_decimal) : 0)
      const now = world.now(customer.id)
      const item = world.tables.invoiceItems.insert(
        newInvoiceItem(now, {
          customer: customer.id,
          amount: params.amount ?? Math.round(unit * quantity),
          currency:
            price?.currency ?? currencyOf(params.price_data?.currency ?? params.currency ?? customer.currency ?? 'usd'),
          description: params.description ?? (price ? (world.tables.products.get(price.product)?.name ?? null) : null),
          discountable: params.discountable ?? true,
          invoice: params.invoice ?? null,
          metadata: params.metadata ?? {},
          parent: params.subscription
            ? { subscription_details: { subscription: params.subscription }, type: 'subscription_details' }
            : null,
          period: params.period ?? { start: now, end: now },
          pricing: price && {
            price_details: { price: price.id, product: price.product },
            type: 'price_details',
            unit_amount_decimal: price.unit_amount_decimal,
          },
          quantity,
          quantity_decimal: String(quantity),
          test_clock: customer.test_clock ?? null,
        }),
      )
      if (params.invoice) addToDraft(world, find(world.tables.invoices, params.invoice, 'invoice'), item.id)
      emit(world, 'invoiceitem.created', item)
      return item
    },
  ),
  retrieveEndpoint('GET /v1/invoiceitems/:id', 'invoiceItems'),
  endpoint('DELETE /v1/invoiceitems/:id', {}, ({ world, id }) => {
    const item = find(world.tables.invoiceItems, id)
    if (item.invoice) throw invalidRequest('You can only delete invoice items that are not attached to an invoice.')
    world.tables.invoiceItems.remove(id)
    emit(world, 'invoiceitem.deleted', item)
    return { id, object: 'invoiceitem', deleted: true }
  }),
  listEndpoint(
    'GET /v1/invoiceitems',
    'invoiceItems',
    { created: range, customer: text, invoice: text, pending: flag },
    {
      by: {
        created: (row, wanted) => within(row.date, wanted),
        pending: (row, wanted) => (row.invoice === null) === wanted,
      },
    },
  ),
]

function addToDraft(world: World, draft: Invoice, item: string): void {
  if (draft.status !== 'draft')
    throw invalidRequest('The invoice is no longer editable.', 'invoice', 'invoice_not_editable')
  const lines = { ...draft.lines, data: [...draft.lines.data, lineOf(world, world.tables.invoiceItems.get(item)!)] }
  world.tables.invoices.update(draft.id, recount(world, { ...draft, lines }))
}
