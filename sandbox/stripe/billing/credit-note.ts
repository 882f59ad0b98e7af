import { invalidRequest } from '../core/errors.ts'
import { emit } from '../core/events.ts'
import type { CreditNote, Invoice } from '../core/shapes.ts'
import type { World } from '../core/world.ts'
import { newCreditNote } from '../objects/credit-note.ts'
import { changeBalance } from './customer-balance.ts'
import { askForRest, paymentOf } from './invoice.ts'
import { refund } from './refund.ts'
import { settleOtherwise } from './settle-otherwise.ts'

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

/**
 * Takes some of an invoice back. What is still owed of it becomes less first; the rest goes to the card, to the customer's
 * balance, or back by other means.
 */
export function createCreditNote(world: World, before: Invoice, request: CreditNoteRequest): CreditNote {
  const { credit_amount = 0, refund_amount = 0, out_of_band_amount = 0 } = request
  const parts = credit_amount + refund_amount + out_of_band_amount
  const amount = request.amount ?? parts
  const noted = before.pre_payment_credit_notes_amount + before.post_payment_credit_notes_amount
  // What the customer's balance paid can be given back too.
  const left = Math.max(before.amount_paid, before.total) - noted
  if (before.status !== 'paid' && before.status !== 'open')
    throw invalidRequest(`Credit notes are for open and paid invoices. This one is ${before.status}.`, 'invoice')
  if (amount < 1) throw invalidRequest('The credit note amount must be greater than 0.', 'amount')
  if (amount > left)
    throw invalidRequest(`The credit note amount is more than is left of the invoice (${left}).`, 'amount')
  const owed = Math.min(amount, before.amount_remaining)
  if (parts !== amount - owed)
    throw invalidRequest(
      `The sum of credit amount, refund amount and out of band amount (${parts}) must equal the post payment amount (${amount - owed}).`,
    )
  const { tables } = world
  const { memo = null, reason = null, metadata = {} } = request
  const count = tables.creditNotes.filter((note) => note.invoice === before.id).length
  const number = `${before.number ?? before.id}-CN-${String(count + 1).padStart(2, '0')}`
  const draft = newCreditNote(world.now(before.customer), before, { amount, owed, number, memo, reason, metadata })

  const payment = paymentOf(world, before)
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
  const invoice = tables.invoices.update(before.id, {
    amount_due: before.amount_due - owed,
    amount_remaining: before.amount_remaining - owed,
    pre_payment_credit_notes_amount: before.pre_payment_credit_notes_amount + owed,
    post_payment_credit_notes_amount: before.post_payment_credit_notes_amount + amount - owed,
  })
  emit(world, 'credit_note.created', note)
  if (owed > 0) askForLess(world, before, invoice)
  return note
}

function askForLess(world: World, before: Invoice, invoice: Invoice): void {
  askForRest(world, invoice)
  emit(world, 'invoice.updated', invoice, before)
  if (invoice.amount_remaining === 0) settleOtherwise(world, invoice)
}
