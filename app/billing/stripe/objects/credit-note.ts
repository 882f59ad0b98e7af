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
    /** The line of the invoice; null for one of the note's own. */
    lineId: line.invoice_line_item,
    /** What goes back for it: less its discounts, with the tax on top. */
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
    /** Before basil one refund, by its id alone. */
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
      /** What it took off the invoice before it was paid. */
      amountWaived: isVoid ? 0 : waived,
      /** What went back other than by refunds, after the invoice had been paid. */
      amountCredited: isVoid ? 0 : Math.max(0, after - refunded),
      /** Refunds that it is about, and how much of each. */
      refunds: isVoid ? [] : refunds.filter((refund): refund is { id: string; amount: number } => refund.id !== null),
      isToBalance: note.customer_balance_transaction !== null,
      lines: note.lines.data,
      hasMoreLines: note.lines.hasMore,
    }
  })

export type StripeCreditNote = z.infer<typeof creditNoteSchema>

/** Reads a credit note. */
export const readCreditNote = (value: unknown): StripeCreditNote => creditNoteSchema.parse(value)

/** Reads one line of a credit note, for those that did not come with it. */
export const readCreditNoteLine = (value: unknown): StripeCreditNote['lines'][number] => lineSchema.parse(value)
