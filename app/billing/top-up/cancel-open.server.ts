import type { TopUp } from '#models/top-up.server.ts'
import { recordPaidInvoice } from '../invoices/record-paid-invoice.server.ts'
import { endPaid, voidInvoice } from './end-top-up.server.ts'
import { updateTopUp } from './store.server.ts'
import { uncountedIn } from './terms.ts'

/**
 * Cancels a top-up that waits for the customer, or that was begun before it was turned off: its invoice is void, unless it
 * was paid a moment ago. Safe to repeat.
 * @throws StripeUnavailable: it stays open
 */
export async function cancelOpen({ _id: userId, open }: TopUp): Promise<void> {
  if (!open) return
  const { number, stripeInvoiceId } = open
  if (stripeInvoiceId && !(await voidInvoice(stripeInvoiceId))) {
    await recordPaidInvoice(stripeInvoiceId)
    return endPaid(userId, number)
  }
  await updateTopUp(userId, (topUp) =>
    topUp.open?.number === number ? { open: null, month: uncountedIn(topUp) } : null,
  )
}
