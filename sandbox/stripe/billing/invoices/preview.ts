import type { Invoice } from '../../core/shapes.ts'
import type { World } from '../../core/world.ts'
import { randomText } from '../../core/ids.ts'

/**
 * Previews an invoice: creates it, reads it and rolls it back, so a preview cannot differ from the real invoice of the
 * same change.
 */
export function preview(world: World, work: () => Invoice): Invoice {
  const invoice = world.tables.transactions.rehearse(work)
  const id = `upcoming_in_1${randomText(23)}`
  const lines = invoice.lines.data.map((line) => ({ ...line, invoice: id, id: line.id.replace('il_', 'il_tmp_') }))
  return {
    ...invoice,
    id,
    status: 'draft',
    attempted: false,
    automatically_finalizes_at: null,
    hosted_invoice_url: null,
    invoice_pdf: null,
    number: null,
    status_transitions: { finalized_at: null, marked_uncollectible_at: null, paid_at: null, voided_at: null },
    lines: { ...invoice.lines, data: lines, url: `/v1/invoices/${id}/lines` },
  }
}
