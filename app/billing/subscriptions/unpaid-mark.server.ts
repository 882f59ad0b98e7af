import { z } from 'zod'
import { now } from '../../clock.server.ts'
import type { Owed } from './amount-due.server.ts'
import { findAtStripe } from '../stripe/client.server.ts'
import { readInvoice } from '../stripe/objects/invoice.ts'

/*
 * A note on a subscription at Stripe that its plan is canceled without paying, so that the wish outlives a process that
 * dies over it.
 */

const KEY = 'canceled_unpaid'

/** As long as Stripe sends an event again. */
const COUNTS_FOR_S = 3 * 24 * 60 * 60

/** The invoice of the period that is not wanted, when it was said, and what is owed in all. */
const markSchema = z
  .string()
  .regex(/^in_\w+ \d+ \d+ [a-z]{3}$/)
  .transform((mark) => {
    const [invoiceId = '', at, amount, currency = ''] = mark.split(' ')
    return { invoiceId, at: Number(at), amount: Number(amount), currency }
  })

/** The metadata that says so. */
export const markFor = ({ invoices, amount, currency }: Owed): Record<string, string> => ({
  [KEY]: `${invoices[0].id} ${Math.floor(now().getTime() / 1000)} ${amount} ${currency}`,
})

/**
 * What was voided since a plan was canceled without paying.
 * @returns null where it was not: the invoice was paid after all, or nobody has said so lately
 */
export async function voidedUnpaid({
  metadata,
}: {
  metadata: Record<string, string>
}): Promise<{ amount: number; currency: string } | null> {
  const mark = markSchema.safeParse(metadata[KEY]).data
  // A wish that came to nothing is none any more when the shop voids the invoice some other day.
  if (!mark || now().getTime() / 1000 - mark.at > COUNTS_FOR_S) return null
  const { invoiceId, amount, currency } = mark
  const found = await findAtStripe((stripe) => stripe.invoices.retrieve(invoiceId))
  return found && readInvoice(found).isVoid ? { amount, currency } : null
}
