import { newId } from '../core/ids.ts'
import { listOf } from './list.ts'
import type { CreditNote, Invoice } from '../core/shapes.ts'

/** A credit note, before anything has gone back; `owed` is what it takes off what is still to be paid. */
export function newCreditNote(
  now: number,
  invoice: Invoice,
  {
    amount,
    owed,
    number,
    ...given
  }: Pick<CreditNote, 'amount' | 'number' | 'memo' | 'reason' | 'metadata'> & { owed: number },
): CreditNote {
  const id = newId('cn')
  return {
    id,
    object: 'credit_note',
    amount,
    amount_shipping: 0,
    created: now,
    currency: invoice.currency,
    customer: invoice.customer!,
    customer_account: null,
    customer_balance_transaction: null,
    discount_amount: 0,
    discount_amounts: [],
    effective_at: now,
    invoice: invoice.id,
    lines: listOf([], `/v1/credit_notes/${id}/lines`),
    livemode: false,
    number,
    out_of_band_amount: null,
    pdf: `${invoice.invoice_pdf ?? ''}?credit_note=${id}`,
    post_payment_amount: amount - owed,
    pre_payment_amount: owed,
    pretax_credit_amounts: [],
    refunds: [],
    shipping_cost: null,
    status: 'issued',
    subtotal: amount,
    subtotal_excluding_tax: amount,
    total: amount,
    total_excluding_tax: amount,
    total_taxes: [],
    type: owed === 0 ? 'post_payment' : owed === amount ? 'pre_payment' : 'mixed',
    voided_at: null,
    ...given,
  }
}
