import { find } from '../core/lookup.ts'
import { createCreditNote } from '../billing/credit-notes/credit-note.ts'
import { endpoint, listEndpoint, retrieveEndpoint, pageOf } from '../http/endpoint.ts'
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
    return pageOf(find(world.tables.creditNotes, id).lines, params)
  }),
  retrieveEndpoint('GET /v1/credit_notes/:id', 'creditNotes'),
  listEndpoint('GET /v1/credit_notes', 'creditNotes', { customer: text, invoice: text, created: range }),
]
