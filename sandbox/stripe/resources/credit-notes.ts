import { find } from '../core/lookup.ts'
import { createCreditNote } from '../billing/credit-notes/credit-note.ts'
import { endpoint, listEndpoint, within } from '../http/endpoint.ts'
import { atLeast, emptyable, hash, integer, list, metadata, oneOf, range, required, text } from '../http/params.ts'

export const creditNotes = [
  endpoint(
    'POST /v1/credit_notes',
    {
      invoice: required(text),
      amount: atLeast(0),
      credit_amount: atLeast(0),
      refund_amount: atLeast(0),
      out_of_band_amount: atLeast(0),
      refunds: list(hash({ refund: required(text), amount_refunded: atLeast(1), type: oneOf('refund') })),
      lines: list(
        hash({
          type: required(oneOf('invoice_line_item', 'custom_line_item')),
          invoice_line_item: text,
          amount: atLeast(0),
          unit_amount: atLeast(0),
          quantity: atLeast(1),
          description: text,
          metadata,
        }),
      ),
      email_type: oneOf('credit_note', 'none'),
      memo: emptyable(text),
      metadata,
      reason: oneOf('duplicate', 'fraudulent', 'order_change', 'product_unsatisfactory'),
    },
    ({ world, params: { invoice, memo, metadata: given, email_type: _email, lines, ...request } }) =>
      createCreditNote(world, find(world.tables.invoices, invoice, 'invoice'), {
        ...request,
        lines: lines?.map(({ metadata: own, ...line }) => ({ ...line, metadata: own ?? {} })),
        memo: memo ?? undefined,
        metadata: given ?? {},
      }),
  ),
  endpoint('GET /v1/credit_notes/:id/lines', { limit: integer, starting_after: text }, ({ world, id, params }) => {
    const { lines } = find(world.tables.creditNotes, id)
    const start = params.starting_after ? lines.data.findIndex((line) => line.id === params.starting_after) + 1 : 0
    const data = lines.data.slice(start, start + (params.limit ?? 10))
    return { ...lines, data, has_more: start + data.length < lines.data.length }
  }),
  endpoint('GET /v1/credit_notes/:id', {}, ({ world, id }) => find(world.tables.creditNotes, id)),
  listEndpoint(
    'GET /v1/credit_notes',
    (world) => world.tables.creditNotes,
    { customer: text, invoice: text, created: range },
    (row, { params }) =>
      (!params.customer || row.customer === params.customer) &&
      (!params.invoice || row.invoice === params.invoice) &&
      within(row.created, params.created),
  ),
]
