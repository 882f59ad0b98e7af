import { z } from 'zod'
import { now } from '../../clock.server.ts'
import type { StripeSubscription } from '../stripe/objects/subscription.ts'
import { retrieveInvoice } from '../stripe/retrieve-invoice.server.ts'
import type { Owed } from './amount-due.server.ts'

/* Metadata on a subscription: its plan is canceled without paying. It survives a process that dies midway. */

const KEY = 'canceled_unpaid'

/** As long as Stripe retries an event. */
const COUNTS_FOR_S = 3 * 24 * 60 * 60

/** The current period's invoice, the time of the request, and the total due. */
const markSchema = z
  .string()
  .regex(/^in_\w+ \d+ \d+ [a-z]{3}$/)
  .transform((mark) => {
    const [invoiceId = '', at, amount, currency = ''] = mark.split(' ')
    return { invoiceId, at: Number(at), amount: Number(amount), currency }
  })

/** The metadata to write. */
export const markFor = ({ invoices, amount, currency }: Owed): Record<string, string> => ({
  [KEY]: `${invoices[0].id} ${Math.floor(now().getTime() / 1000)} ${amount} ${currency}`,
})

/** What was voided because a plan was canceled without paying; null if the invoice was paid, or long ago. */
export async function voidedUnpaid({
  metadata,
}: Pick<StripeSubscription, 'metadata'>): Promise<{ amount: number; currency: string } | null> {
  const mark = markSchema.safeParse(metadata[KEY]).data
  // A request that failed no longer applies when the operator voids the invoice later.
  if (!mark || now().getTime() / 1000 - mark.at > COUNTS_FOR_S) return null
  const { invoiceId, amount, currency } = mark
  return (await retrieveInvoice(invoiceId))?.isVoid ? { amount, currency } : null
}
