import type { Invoice } from '../../core/shapes.ts'
import type { World } from '../../core/world.ts'
import { markPaid } from '../invoices/invoice.ts'
import { applyPendingUpdate } from '../subscriptions/pending-update.ts'
import { invoicePaid } from '../subscriptions/status.ts'

/** Marks an invoice as paid without a charge: out of band, or because nothing remains to be paid. */
export function payOutOfBand(world: World, open: Invoice): Invoice {
  const paid = markPaid(world, open, { outOfBand: true })
  applyPendingUpdate(world, paid)
  invoicePaid(world, paid)
  return paid
}
