import { newId } from '../core/ids.ts'
import { listOf } from './list.ts'
import type { CreditNote, Invoice } from '../core/shapes.ts'

/** A credit note on a paid invoice, before anything has gone back. */
export function newCreditNote(
  now: number,
  invoice: Invoice,
  { amount, number, ...given }: Pick<CreditNote, 'amount' | 'number' | 'memo' | 'reason' | 'metadata'>,
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
    post_payment_amount: amount,
    pre_payment_amount: 0,
    pretax_credit_amounts: [],
    refunds: [],
    shipping_cost: null,
    status: 'issued',
    subtotal: amount,
    subtotal_excluding_tax: amount,
    total: amount,
    total_excluding_tax: amount,
    total_taxes: [],
    type: 'post_payment',
    voided_at: null,
    ...given,
  }
}
