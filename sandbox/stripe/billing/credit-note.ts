import { invalidRequest } from '../core/errors.ts'
import { emit } from '../core/events.ts'
import type { CreditNote, Invoice } from '../core/shapes.ts'
import type { World } from '../core/world.ts'
import { newCreditNote } from '../objects/credit-note.ts'
import { changeBalance } from './customer-balance.ts'
import { refund } from './refund.ts'

export interface CreditNoteRequest {
  amount?: number
  /** To the customer's balance. */
  credit_amount?: number
  /** To the card. */
  refund_amount?: number
  /** By other means, which Stripe does not see. */
  out_of_band_amount?: number
  memo?: string
  reason?: CreditNote['reason']
  metadata?: Record<string, string>
}

/** Gives back some of a paid invoice: to the card, to the customer's balance, or by other means. */
export function createCreditNote(world: World, before: Invoice, request: CreditNoteRequest): CreditNote {
  const { credit_amount = 0, refund_amount = 0, out_of_band_amount = 0 } = request
  const parts = credit_amount + refund_amount + out_of_band_amount
  const amount = request.amount ?? parts
  // What the customer's balance paid can be given back too.
  const left = Math.max(before.amount_paid, before.total) - before.post_payment_credit_notes_amount
  if (before.status !== 'paid')
    throw invalidRequest('The sandbox makes credit notes for paid invoices only.', 'invoice')
  if (amount < 1) throw invalidRequest('The credit note amount must be greater than 0.', 'amount')
  if (amount > left)
    throw invalidRequest(`The credit note amount is more than is left of the invoice (${left}).`, 'amount')
  if (parts !== amount)
    throw invalidRequest(
      `The sum of credit amount, refund amount and out of band amount (${parts}) must equal the credit note amount (${amount}).`,
    )
  const { tables } = world
  const { memo = null, reason = null, metadata = {} } = request
  const count = tables.creditNotes.filter((note) => note.invoice === before.id).length
  const number = `${before.number ?? before.id}-CN-${String(count + 1).padStart(2, '0')}`
  const draft = newCreditNote(world.now(before.customer), before, { amount, number, memo, reason, metadata })

  const payment = tables.invoicePayments.filter((one) => one.invoice === before.id && one.status === 'paid').at(0)
  const intent = payment?.payment.payment_intent
  const charge = tables.charges.filter((one) => Boolean(intent) && one.payment_intent === intent && one.paid).at(0)
  if (refund_amount > 0 && !charge) throw invalidRequest('The invoice has no charge to refund.', 'refund_amount')
  const refunds = []
  if (refund_amount > 0) {
    const made = refund(world, charge!, { amount: refund_amount })
    refunds.push({
      amount_refunded: refund_amount,
      payment_record_refund: null,
      refund: made.id,
      type: 'refund' as const,
    })
  }
  const balance =
    credit_amount > 0 ? changeBalance(world, before.customer!, -credit_amount, 'credit_note', before) : null
  const note = tables.creditNotes.insert({
    ...draft,
    refunds,
    customer_balance_transaction: balance?.id ?? null,
    out_of_band_amount: out_of_band_amount || null,
  })
  tables.invoices.update(before.id, {
    post_payment_credit_notes_amount: before.post_payment_credit_notes_amount + amount,
  })
  emit(world, 'credit_note.created', note)
  return note
}
