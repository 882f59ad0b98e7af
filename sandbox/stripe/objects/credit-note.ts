import { newId } from '../core/ids.ts'
import { listOf } from './list.ts'
import type { CreditNote, CreditNoteLine, Invoice } from '../core/shapes.ts'

interface CreditNoteSums {
  /** Including tax, less discounts. */
  amount: number
  /** The part that lowers the amount due. */
  owed: number
  /** Empty for a note with only a total. */
  lines: CreditNoteLine[]
}

/** A credit note before any money is returned. */
export function newCreditNote(
  now: number,
  invoice: Invoice,
  {
    amount,
    owed,
    lines,
    number,
    ...given
  }: Pick<CreditNote, 'number' | 'memo' | 'reason' | 'metadata'> & CreditNoteSums,
): CreditNote {
  const id = newId('cn')
  const discount = sumOf(lines.map(({ discount_amount }) => discount_amount))
  const taxes = lines.flatMap((line) => line.taxes ?? [])
  const added = sumOf(taxes.filter(({ tax_behavior }) => tax_behavior === 'exclusive').map((tax) => tax.amount))
  const included = sumOf(taxes.map((tax) => tax.amount)) - added
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
    discount_amount: discount,
    discount_amounts: lines.flatMap((line) => line.discount_amounts),
    effective_at: now,
    invoice: invoice.id,
    lines: listOf(lines, `/v1/credit_notes/${id}/lines`),
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
    subtotal: amount - added + discount,
    subtotal_excluding_tax: amount - added + discount - included,
    total: amount,
    total_excluding_tax: amount - added - included,
    total_taxes: taxes,
    type: owed === 0 ? 'post_payment' : owed === amount ? 'pre_payment' : 'mixed',
    voided_at: null,
    ...given,
  }
}

export function newCreditNoteLine(
  given: Partial<CreditNoteLine> & Pick<CreditNoteLine, 'type' | 'amount'>,
): CreditNoteLine {
  const { discount_amounts = [], unit_amount = null } = given
  return {
    id: newId('cnli'),
    object: 'credit_note_line_item',
    description: null,
    discount_amount: sumOf(discount_amounts.map(({ amount }) => amount)),
    livemode: false,
    metadata: {},
    pretax_credit_amounts: discount_amounts.map((off) => ({ ...off, type: 'discount' })),
    quantity: null,
    tax_rates: [],
    taxes: [],
    unit_amount,
    unit_amount_decimal: unit_amount === null ? null : String(unit_amount),
    ...given,
    discount_amounts,
  }
}

const sumOf = (amounts: number[]): number => amounts.reduce((sum, amount) => sum + amount, 0)
