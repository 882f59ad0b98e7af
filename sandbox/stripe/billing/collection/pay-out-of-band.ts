import type { Invoice } from '../../core/shapes.ts'
import type { World } from '../../core/world.ts'
import { markPaid } from '../invoices/invoice.ts'
import { applyPendingUpdate } from '../subscriptions/pending-update.ts'
import { invoicePaid } from '../subscriptions/status.ts'

/** An invoice is paid without a charge: by other means, or because nothing of it is left to pay. */
export function settleOtherwise(world: World, open: Invoice): Invoice {
  const paid = markPaid(world, open, { outOfBand: true })
  applyPendingUpdate(world, paid)
  invoicePaid(world, paid)
  return paid
}
