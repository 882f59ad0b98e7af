import { stripeRefundKey } from '../../credits/keys.ts'
import { findInvoiceSource } from './charged-purchase.server.ts'
import { done, ignored, type Outcome } from '../outcome.ts'
import { tellRefund } from '../invoices/receipts.server.ts'
import { takeRefunds } from './refund.server.ts'
import { markRow } from './refund-status.server.ts'
import { reverseClaim } from './reverse-credits.server.ts'
import { findAtStripe } from '../stripe/client.server.ts'
import { readCreditNote } from '../stripe/objects/credit-note.ts'

/**
 * Takes back the share of the credits whose money a credit note gave to the customer's balance, or by means that Stripe
 * does not see. From the balance it buys credits again with a later invoice, so keeping the first ones would be a gift.
 * What a credit note refunds to the card comes with a refund of its own; the note says for which lines that was, also of a
 * refund that was made before.
 * @param creditNoteId read back from Stripe
 * @see https://docs.stripe.com/invoicing/integration/programmatic-credit-notes
 */
export async function processCreditNote(creditNoteId: string): Promise<Outcome> {
  const found = await findAtStripe((stripe) => stripe.creditNotes.retrieve(creditNoteId))
  const note = found && readCreditNote(found)
  if (!note?.invoiceId) return ignored(`Stripe does not know the credit note ${creditNoteId}.`)
  if (note.amountCredited <= 0 && note.refunds.length === 0) {
    return ignored(`The credit note ${creditNoteId} gives nothing back.`)
  }
  const source = await findInvoiceSource(note.invoiceId)
  if (!source) return ignored(`The credit note ${creditNoteId} is of an invoice that paid for nothing of ours.`)
  const refunds = note.refunds.length > 0 ? await takeRefunds(source) : null
  if (note.amountCredited <= 0) return refunds ?? ignored(`The credit note ${creditNoteId} credits nothing.`)

  const taken = await reverseClaim(source, {
    key: stripeRefundKey(note.id),
    source: { type: 'refund', id: note.id },
    amount: note.amountCredited,
    lines: source.named.credited.get(note.id),
  })
  await markRow(source)
  await tellRefund(
    source,
    { ...note, amount: note.amountCredited, to: note.isToBalance ? 'balance' : 'elsewhere' },
    taken.reversed,
  )
  const isNew = taken.found && !taken.replayed
  return done(`The credit note ${note.id} accounts for ${taken.reversed} credits.`, isNew || refunds?.changed === true)
}
