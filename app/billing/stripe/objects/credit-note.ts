import { z } from 'zod'
import { addedTax, count, created, listOf, reference, taxAmounts } from './fields.ts'

const lineSchema = z
  .object({
    amount: z.number(),
    discount_amount: count,
    invoice_line_item: reference,
    taxes: taxAmounts,
    tax_amounts: taxAmounts,
  })
  .transform((line) => ({
    /** The invoice line; null for a custom line of the note. */
    lineId: line.invoice_line_item,
    /** The amount returned for it: less its discounts, plus tax on top. */
    net: line.amount - line.discount_amount + addedTax(line.taxes ?? line.tax_amounts),
  }))

const creditNoteSchema = z
  .object({
    id: z.string(),
    invoice: reference,
    status: z.string().nullish(),
    created,
    amount: count,
    type: z.string().nullish(),
    pre_payment_amount: z.number().nullish(),
    post_payment_amount: z.number().nullish(),
    /** Before basil a single refund, as an ID. */
    refund: reference,
    refunds: z.array(z.object({ refund: reference, amount_refunded: count })).nullish(),
    customer_balance_transaction: reference,
    lines: listOf(lineSchema),
  })
  .transform((note) => {
    const isVoid = note.status === 'void'
    const isPaidBefore = note.type !== 'pre_payment'
    const after = note.post_payment_amount ?? (isPaidBefore && !note.refund ? note.amount : 0)
    const waived = note.pre_payment_amount ?? (isPaidBefore ? 0 : note.amount)
    const listed = (note.refunds ?? []).map(({ refund, amount_refunded }) => ({ id: refund, amount: amount_refunded }))
    const refunds = note.refund ? [{ id: note.refund, amount: note.amount - waived }] : listed
    const refunded = listed.reduce((sum, { amount }) => sum + amount, 0)
    return {
      id: note.id,
      invoiceId: note.invoice,
      createdAt: note.created,
      isVoid,
      amount: note.amount,
      /** The amount taken off the invoice before it was paid. */
      amountWaived: isVoid ? 0 : waived,
      /** The amount returned other than by refunds, after payment. */
      amountCredited: isVoid ? 0 : Math.max(0, after - refunded),
      /** The refunds it covers, and how much of each. */
      refunds: isVoid ? [] : refunds.filter((refund): refund is { id: string; amount: number } => refund.id !== null),
      isToBalance: note.customer_balance_transaction !== null,
      lines: note.lines.data,
      hasMoreLines: note.lines.hasMore,
    }
  })

export type StripeCreditNote = z.infer<typeof creditNoteSchema>

export const readCreditNote = (value: unknown): StripeCreditNote => creditNoteSchema.parse(value)

/** Reads a credit note line that was listed separately. */
export const readCreditNoteLine = (value: unknown): StripeCreditNote['lines'][number] => lineSchema.parse(value)
