import { invalidRequest } from '../../core/errors.ts'
import type { CreditNote, CreditNoteLine, Invoice, InvoiceLine } from '../../core/shapes.ts'
import { newCreditNoteLine } from '../../objects/credit-note.ts'

export interface CreditNoteLineRequest {
  type?: 'invoice_line_item' | 'custom_line_item'
  invoice_line_item?: string
  /** Before discounts, and without tax on top. */
  amount?: number
  unit_amount?: number
  quantity?: number
  description?: string
  metadata?: Record<string, string>
}

/**
 * The lines of a credit note. One that names a line of the invoice credits its part of that line's discounts and taxes
 * as well, and never more than the line has.
 * @param earlier the invoice's other credit notes
 */
export function creditNoteLines(
  invoice: Invoice,
  requests: CreditNoteLineRequest[],
  earlier: CreditNote[],
): CreditNoteLine[] {
  const lines: CreditNoteLine[] = []
  for (const request of requests) {
    if (request.type === 'custom_line_item') lines.push(customLine(request))
    else lines.push(ofInvoiceLine(invoice, request, [...earlier.flatMap((note) => note.lines.data), ...lines]))
  }
  return lines
}

/** The total that a line credits: less its discounts, with the taxes on top. */
export const netOf = ({ amount, discount_amount, taxes }: CreditNoteLine): number =>
  amount -
  discount_amount +
  (taxes ?? []).reduce((sum, { amount, tax_behavior }) => sum + (tax_behavior === 'exclusive' ? amount : 0), 0)

function customLine({ amount, unit_amount, quantity = 1, ...given }: CreditNoteLineRequest): CreditNoteLine {
  if (unit_amount === undefined || amount !== undefined)
    throw invalidRequest('A custom line item takes a unit amount and a quantity.', 'lines')
  return newCreditNoteLine({
    ...given,
    type: 'custom_line_item',
    amount: unit_amount * quantity,
    unit_amount,
    quantity,
  })
}

function ofInvoiceLine(
  invoice: Invoice,
  { invoice_line_item: id, amount, unit_amount, quantity, ...given }: CreditNoteLineRequest,
  credited: CreditNoteLine[],
): CreditNoteLine {
  const line = invoice.lines.data.find((one) => one.id === id)
  if (!line) throw invalidRequest(`No such invoice line item: '${id ?? ''}'`, 'lines', 'resource_missing')
  if (unit_amount !== undefined || (amount === undefined) === (quantity === undefined))
    throw invalidRequest('An invoice line item takes either an amount or a quantity.', 'lines')
  const gross = amount ?? Math.round((line.amount * quantity!) / (line.quantity ?? 1))
  const before = credited
    .filter(({ invoice_line_item }) => invoice_line_item === id)
    .reduce((sum, one) => sum + one.amount, 0)
  if (gross < 1 || gross + before > line.amount)
    throw invalidRequest(`The amount is more than is left of the invoice line item (${line.amount - before}).`, 'lines')
  const part = (whole: number) => partOf(whole, { before, after: before + gross, of: line.amount })
  const discount_amounts = discountsOf(line).map(({ amount, discount }) => ({ amount: part(amount), discount }))
  return newCreditNoteLine({
    ...given,
    type: 'invoice_line_item',
    invoice_line_item: id,
    description: given.description ?? line.description,
    amount: gross,
    quantity: quantity ?? null,
    discount_amounts,
    taxes: (line.taxes ?? []).map((tax) => ({
      ...tax,
      amount: part(tax.amount),
      taxable_amount: part(tax.taxable_amount ?? 0),
    })),
  })
}

const discountsOf = ({ discount_amounts }: InvoiceLine) => discount_amounts ?? []

/** A part of an amount, so that all parts add up to the amount to the cent. */
const partOf = (whole: number, { before, after, of }: { before: number; after: number; of: number }): number =>
  Math.round((whole * after) / of) - Math.round((whole * before) / of)
