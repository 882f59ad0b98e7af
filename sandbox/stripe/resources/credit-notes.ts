import { find } from '../core/lookup.ts'
import { createCreditNote } from '../billing/credit-note.ts'
import { endpoint, listEndpoint, within } from '../http/endpoint.ts'
import { atLeast, emptyable, hash, list, metadata, oneOf, range, required, text } from '../http/params.ts'

/** Its lines say in parts what `amount` says in one. */
const amountOf = ({
  amount,
  unit_amount = 0,
  quantity = 1,
}: {
  amount?: number
  unit_amount?: number
  quantity?: number
}) => amount ?? unit_amount * quantity

export const creditNotes = [
  endpoint(
    'POST /v1/credit_notes',
    {
      invoice: required(text),
      amount: atLeast(0),
      credit_amount: atLeast(0),
      refund_amount: atLeast(0),
      out_of_band_amount: atLeast(0),
      lines: list(
        hash({ type: text, amount: atLeast(0), unit_amount: atLeast(0), quantity: atLeast(1), description: text }),
      ),
      memo: emptyable(text),
      metadata,
      reason: oneOf('duplicate', 'fraudulent', 'order_change', 'product_unsatisfactory'),
    },
    ({ world, params: { invoice, memo, metadata: given, lines, ...request } }) =>
      createCreditNote(world, find(world.tables.invoices, invoice, 'invoice'), {
        ...request,
        amount: request.amount ?? lines?.reduce((sum, line) => sum + amountOf(line), 0),
        memo: memo ?? undefined,
        metadata: given ?? {},
      }),
  ),
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
