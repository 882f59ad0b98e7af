import { stripeRefundKey } from '../../credits/keys.ts'
import { done, ignored, type Outcome } from '../outcome.ts'
import { findAtStripe } from '../stripe/client.server.ts'
import { readCreditNote } from '../stripe/objects/credit-note.ts'
import { findInvoicePurchase } from './charged-purchase.server.ts'
import { notifyRefund } from './refund-mails.server.ts'
import { syncRefundStatus } from './refund-status.server.ts'
import { takeRefunds } from './refund.server.ts'
import { reverseCredits } from './reverse-credits.server.ts'

/**
 * Takes back the credits for money that a credit note returned to the customer's balance, or outside of Stripe. Balance
 * money pays for a later invoice's credits, so the first ones must go. Money returned to the card is a refund of its
 * own; the note says for which lines, also for an earlier refund.
 * @see https://docs.stripe.com/invoicing/integration/programmatic-credit-notes
 */
export async function processCreditNote(creditNoteId: string): Promise<Outcome> {
  const found = await findAtStripe((stripe) => stripe.creditNotes.retrieve(creditNoteId))
  const note = found && readCreditNote(found)
  if (!note?.invoiceId) return ignored(`Stripe does not know the credit note ${creditNoteId}.`)
  if (note.amountCredited <= 0 && note.refunds.length === 0) {
    return ignored(`The credit note ${creditNoteId} gives nothing back.`)
  }
  const purchase = await findInvoicePurchase(note.invoiceId)
  if (!purchase) return ignored(`The credit note ${creditNoteId} is of an invoice that paid for nothing of ours.`)
  const refunds = note.refunds.length > 0 ? await takeRefunds(purchase) : null
  if (note.amountCredited <= 0) return refunds ?? ignored(`The credit note ${creditNoteId} credits nothing.`)

  const taken = await reverseCredits(purchase, {
    key: stripeRefundKey(note.id),
    source: { type: 'refund', id: note.id },
    amount: note.amountCredited,
    lines: purchase.named.credited.get(note.id),
  })
  await syncRefundStatus(purchase)
  await notifyRefund(
    purchase,
    { ...note, amount: note.amountCredited, to: note.isToBalance ? 'balance' : 'elsewhere' },
    taken.reversed,
  )
  const isNew = taken.found && !taken.replayed
  return done(`The credit note ${note.id} accounts for ${taken.reversed} credits.`, isNew || refunds?.changed === true)
}
