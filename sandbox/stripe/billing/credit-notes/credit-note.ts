import { invalidRequest } from '../../core/errors.ts'
import { emit } from '../../core/events.ts'
import { find } from '../../core/lookup.ts'
import type { Charge, CreditNote, Invoice } from '../../core/shapes.ts'
import type { World } from '../../core/world.ts'
import { newCreditNote } from '../../objects/credit-note.ts'
import { creditNoteLines, netOf } from './credit-note-lines.ts'
import type { CreditNoteLineRequest } from './credit-note-lines.ts'
import { changeBalance } from '../customers/customer-balance.ts'
import { refund } from '../payments/refund.ts'
import { payOutOfBand } from '../collection/pay-out-of-band.ts'
import { askForRest } from '../invoices/invoice-payment.ts'

export interface CreditNoteRequest {
  amount?: number
  /** The credited lines; without them only the total is known. */
  lines?: CreditNoteLineRequest[]
  /** To the customer's balance. */
  credit_amount?: number
  /** To the card. */
  refund_amount?: number
  /** Refunds that already exist. */
  refunds?: { refund: string; amount_refunded?: number }[]
  /** Outside Stripe. */
  out_of_band_amount?: number
  memo?: string
  reason?: CreditNote['reason']
  metadata?: Record<string, string>
}

/**
 * Credits a part of an invoice. It lowers the amount due first; the rest goes to the card, to the customer's
 * balance, or back outside Stripe.
 */
export function createCreditNote(world: World, before: Invoice, request: CreditNoteRequest): CreditNote {
  const { tables } = world
  const { credit_amount = 0, refund_amount = 0, out_of_band_amount = 0 } = request
  if (before.status !== 'paid' && before.status !== 'open')
    throw invalidRequest(`Credit notes are for open and paid invoices. This one is ${before.status}.`, 'invoice')
  const earlier = tables.creditNotes.filter((note) => note.invoice === before.id)
  const lines = request.lines ? creditNoteLines(before, request.lines, earlier) : []
  const linked = linkedRefunds(world, before, request.refunds ?? [], earlier)
  const parts = credit_amount + refund_amount + out_of_band_amount + sumOf(linked)
  const amount = request.lines ? lines.reduce((sum, line) => sum + netOf(line), 0) : (request.amount ?? parts)
  const noted = before.pre_payment_credit_notes_amount + before.post_payment_credit_notes_amount
  // What the customer's balance paid can be credited too.
  const left = Math.max(before.amount_paid, before.total) - noted
  if (amount < 1) throw invalidRequest('The credit note amount must be greater than 0.', 'amount')
  if (request.amount !== undefined && request.amount !== amount)
    throw invalidRequest(`The lines come to ${amount}, not to the amount given.`, 'amount')
  if (amount > left)
    throw invalidRequest(`The credit note amount is more than is left of the invoice (${left}).`, 'amount')
  const owed = Math.min(amount, before.amount_remaining)
  if (parts !== amount - owed)
    throw invalidRequest(
      `The sum of credit amount, refund amount and out of band amount (${parts}) must equal the post payment amount (${amount - owed}).`,
    )
  const { memo = null, reason = null, metadata = {} } = request
  const number = `${before.number ?? before.id}-CN-${String(earlier.length + 1).padStart(2, '0')}`
  const draft = newCreditNote(world.now(before.customer), before, {
    ...{ amount, owed, lines },
    ...{ number, memo, reason, metadata },
  })

  const refunds = linked.map(({ id, amount: part }) => refundPart(id, part))
  if (refund_amount > 0) {
    const charge = chargesOf(world, before).find((one) => one.amount - one.amount_refunded >= refund_amount)
    if (!charge) throw invalidRequest('The invoice has no charge of which so much can be refunded.', 'refund_amount')
    refunds.push(refundPart(refund(world, charge, { amount: refund_amount }).id, refund_amount))
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

const sumOf = (parts: { amount: number }[]): number => parts.reduce((sum, { amount }) => sum + amount, 0)

const refundPart = (refund: string, amount_refunded: number): CreditNote['refunds'][number] => ({
  amount_refunded,
  payment_record_refund: null,
  refund,
  type: 'refund',
})

/** The charges of all payments of an invoice. */
function chargesOf({ tables }: World, { id }: Invoice): Charge[] {
  const intents = tables.invoicePayments.filter((one) => one.invoice === id).map((one) => one.payment.payment_intent)
  return tables.charges.filter((charge) => charge.paid && intents.includes(charge.payment_intent ?? undefined))
}

/** The existing refunds that the note links: each must belong to the invoice, and none is linked twice. */
function linkedRefunds(
  world: World,
  invoice: Invoice,
  requests: { refund: string; amount_refunded?: number }[],
  earlier: CreditNote[],
): { id: string; amount: number }[] {
  const charges = chargesOf(world, invoice).map(({ id }) => id)
  return requests.map(({ refund, amount_refunded }) => {
    const { id, amount, charge, status } = find(world.tables.refunds, refund, 'refunds')
    const used = earlier.flatMap(({ refunds }) => refunds).filter((one) => one.refund === id)
    const left = amount - used.reduce((sum, one) => sum + one.amount_refunded, 0)
    const part = amount_refunded ?? left
    if (!charges.includes(charge!) || status === 'failed' || part < 1 || part > left)
      throw invalidRequest(`The refund ${id} cannot be linked to this credit note.`, 'refunds')
    return { id, amount: part }
  })
}

function askForLess(world: World, before: Invoice, invoice: Invoice): void {
  askForRest(world, invoice)
  emit(world, 'invoice.updated', invoice, before)
  if (invoice.amount_remaining === 0) payOutOfBand(world, invoice)
}
