import { z } from 'zod'
import {
  addedTax,
  count,
  created,
  decimal,
  listOf,
  metadata,
  moment,
  named,
  reference,
  seconds,
  taxAmounts,
  text,
} from './fields.ts'

const priceObject = z.object({ id: z.string(), unit_amount: z.number().nullish(), unit_amount_decimal: decimal })

const lineSchema = z
  .object({
    id: z.string().default(''),
    amount: z.number(),
    currency: z.string(),
    description: text,
    quantity: z.number().nullish(),
    proration: z.boolean().nullish(),
    period: z.object({ start: moment, end: moment }),
    price: z.union([z.string(), priceObject]).nullish(),
    pricing: z
      .object({ price_details: z.object({ price: reference }).nullish(), unit_amount_decimal: decimal })
      .nullish(),
    subscription_item: reference,
    discount_amounts: z.array(z.object({ amount: z.number() })).nullish(),
    taxes: taxAmounts,
    tax_amounts: taxAmounts,
    parent: z
      .object({
        subscription_item_details: z
          .object({ proration: z.boolean().nullish(), subscription_item: reference })
          .nullish(),
        invoice_item_details: z.object({ proration: z.boolean().nullish() }).nullish(),
      })
      .nullish(),
  })
  .transform((line) => {
    const old = typeof line.price === 'object' ? line.price : null
    const { parent, pricing } = line
    const discount = (line.discount_amounts ?? []).reduce((sum, { amount }) => sum + amount, 0)
    return {
      id: line.id,
      amount: line.amount,
      /** The amount paid for it: less its discounts, plus tax on top. */
      net: line.amount - discount + addedTax(line.taxes ?? line.tax_amounts),
      /** The subscription item it bills. */
      itemId: parent?.subscription_item_details?.subscription_item ?? line.subscription_item,
      currency: line.currency,
      description: line.description,
      quantity: line.quantity ?? 1,
      proration:
        line.proration ??
        parent?.subscription_item_details?.proration ??
        parent?.invoice_item_details?.proration ??
        false,
      periodStart: line.period.start,
      periodEnd: line.period.end,
      priceId: pricing?.price_details?.price ?? old?.id ?? (typeof line.price === 'string' ? line.price : null),
      unitAmount: pricing?.unit_amount_decimal ?? old?.unit_amount_decimal ?? decimalOf(old?.unit_amount),
    }
  })

const decimalOf = (amount: number | null | undefined): string | null =>
  amount === null || amount === undefined ? null : String(amount)

const subscriptionDetails = z.object({ subscription: reference, metadata }).nullish()

/** A line without a currency or a time has the invoice's. */
const withLineDefaults = (value: unknown): unknown => {
  const raw = lineOwner.safeParse(value).data
  if (!raw?.lines) return value
  const start = raw.period_start ?? raw.created
  const defaults = { currency: raw.currency, period: { start, end: raw.period_end ?? start } }
  return { ...raw, lines: { ...raw.lines, data: raw.lines.data.map((line) => ({ ...defaults, ...line })) } }
}

const lineOwner = z.looseObject({
  currency: z.string(),
  created: z.number().nullish(),
  period_start: z.number().nullish(),
  period_end: z.number().nullish(),
  lines: z.looseObject({ data: z.array(z.looseObject({})) }).nullish(),
})

const invoiceObject = z
  .object({
    // In some versions a preview has no ID.
    id: z.string().default(''),
    number: text,
    customer: reference,
    status: z.string().nullish(),
    paid: z.boolean().nullish(),
    auto_advance: z.boolean().nullish(),
    billing_reason: text,
    currency: z.string(),
    amount_paid: count,
    amount_due: count,
    amount_remaining: z.number().nullish(),
    total: count,
    total_discount_amounts: z.array(z.object({ amount: z.number() })).nullish(),
    pre_payment_credit_notes_amount: count,
    created,
    period_start: seconds,
    period_end: seconds,
    status_transitions: z.object({ paid_at: seconds }).nullish(),
    hosted_invoice_url: text,
    invoice_pdf: text,
    metadata,
    payment_intent: reference,
    payments: listOf(z.object({ payment: z.object({ payment_intent: reference }).nullish() })),
    subscription: reference,
    subscription_details: z.object({ metadata }).nullish(),
    parent: z.object({ subscription_details: subscriptionDetails }).nullish(),
    lines: listOf(lineSchema),
  })
  .transform((invoice) => {
    const details = invoice.parent?.subscription_details
    return {
      id: invoice.id,
      /** The printed number; null for a draft. */
      number: invoice.number,
      customerId: invoice.customer,
      subscriptionId: details?.subscription ?? invoice.subscription,
      paymentIntentId:
        invoice.payment_intent ??
        invoice.payments.data.map(({ payment }) => payment?.payment_intent).find((id) => id) ??
        null,
      isPaid: invoice.status === 'paid' || invoice.paid === true,
      /** Finalized and unpaid. */
      isOpen: invoice.status === 'open',
      isVoid: invoice.status === 'void',
      /** A draft that Stripe will collect automatically. */
      isComing: invoice.status === 'draft' && invoice.auto_advance === true,
      billingReason: invoice.billing_reason,
      currency: invoice.currency,
      amountPaid: invoice.amount_paid,
      amountDue: invoice.amount_due,
      /** The amount still due: part of it may have been paid. */
      amountLeft: invoice.amount_remaining ?? invoice.amount_due,
      total: invoice.total,
      /** What coupons take off in all; negative if more discount is refunded than given. */
      discount: (invoice.total_discount_amounts ?? []).reduce((sum, { amount }) => sum + amount, 0),
      /** The amount settled: by payment, and from the customer's balance. */
      amountSettled: Math.max(invoice.amount_paid, invoice.total - invoice.pre_payment_credit_notes_amount),
      createdAt: invoice.created,
      paidAt: invoice.status_transitions?.paid_at ?? null,
      periodStart: invoice.period_start,
      periodEnd: invoice.period_end,
      hostedInvoiceUrl: invoice.hosted_invoice_url,
      invoicePdf: invoice.invoice_pdf,
      /** The subscription's metadata, overridden by the invoice's. */
      metadata: { ...invoice.subscription_details?.metadata, ...details?.metadata, ...invoice.metadata },
      lines: invoice.lines.data.map(named),
      hasMoreLines: invoice.lines.hasMore,
    }
  })

const invoiceSchema = z.preprocess(withLineDefaults, invoiceObject)

export type StripeInvoice = z.infer<typeof invoiceSchema>

export type StripeInvoiceLine = StripeInvoice['lines'][number]

/** Reads an invoice, or a preview, of either shape. */
export const readInvoice = (value: unknown): StripeInvoice => invoiceSchema.parse(value)

/** Reads an invoice line that was listed separately. */
export const readInvoiceLine = (value: unknown): StripeInvoiceLine => lineSchema.parse(value)
