import { z } from 'zod'
import { now } from '../clock.server.ts'

/*
 * Stripe's objects as Scrip uses them. Both shapes are read: the one before API version 2025-03-31 (basil), where an
 * invoice has `subscription`, a line has `price` and a subscription has `current_period_end`, and the one since then.
 */

/** An id, or the object itself where it was expanded. */
const reference = z
  .union([z.string(), z.object({ id: z.string() })])
  .nullish()
  .transform((value) => (typeof value === 'string' ? value : (value?.id ?? null)))

const seconds = z
  .number()
  .nullish()
  .transform((value) => (value === null || value === undefined ? null : new Date(value * 1000)))

const moment = z.number().transform((value) => new Date(value * 1000))

/** When an object was made; one that does not say is as new as the word of it. */
const created = z
  .number()
  .nullish()
  .transform((value) => (typeof value === 'number' ? new Date(value * 1000) : now()))

/** A decimal is a string on the wire and an object of the client library once read. */
export const decimal = z
  .unknown()
  .optional()
  .transform((value) => (value === null || value === undefined ? null : (value as { toString(): string }).toString()))

const metadata = z
  .record(z.string(), z.string())
  .nullish()
  .transform((value) => value ?? {})

const count = z
  .number()
  .nullish()
  .transform((value) => value ?? 0)

const listOf = <Item extends z.ZodType>(item: Item) =>
  z
    .object({ data: z.array(item), has_more: z.boolean().nullish() })
    .nullish()
    .transform((list) => ({ data: list?.data ?? [], hasMore: list?.has_more ?? false }))

const priceObject = z.object({ id: z.string(), unit_amount: z.number().nullish(), unit_amount_decimal: decimal })

const lineSchema = z
  .object({
    id: z.string().default(''),
    amount: z.number(),
    currency: z.string(),
    description: z.string().nullish(),
    quantity: z.number().nullish(),
    proration: z.boolean().nullish(),
    period: z.object({ start: moment, end: moment }),
    price: z.union([z.string(), priceObject]).nullish(),
    pricing: z
      .object({ price_details: z.object({ price: reference }).nullish(), unit_amount_decimal: decimal })
      .nullish(),
    parent: z
      .object({
        subscription_item_details: z.object({ proration: z.boolean().nullish() }).nullish(),
        invoice_item_details: z.object({ proration: z.boolean().nullish() }).nullish(),
      })
      .nullish(),
  })
  .transform((line) => {
    const old = typeof line.price === 'object' ? line.price : null
    const { parent, pricing } = line
    return {
      id: line.id,
      amount: line.amount,
      currency: line.currency,
      description: line.description ?? null,
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

/** A line that leaves out its currency or its time has the invoice's. */
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
    // A preview has no id in some versions.
    id: z.string().default(''),
    customer: reference,
    status: z.string().nullish(),
    paid: z.boolean().nullish(),
    billing_reason: z.string().nullish(),
    currency: z.string(),
    amount_paid: count,
    amount_due: count,
    total: count,
    created,
    period_start: seconds,
    period_end: seconds,
    status_transitions: z.object({ paid_at: seconds }).nullish(),
    hosted_invoice_url: z.string().nullish(),
    invoice_pdf: z.string().nullish(),
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
      customerId: invoice.customer,
      subscriptionId: details?.subscription ?? invoice.subscription,
      paymentIntentId:
        invoice.payment_intent ??
        invoice.payments.data.map(({ payment }) => payment?.payment_intent).find((id) => id) ??
        null,
      isPaid: invoice.status === 'paid' || invoice.paid === true,
      /** Finalized and still owed. */
      isOpen: invoice.status === 'open',
      billingReason: invoice.billing_reason ?? null,
      currency: invoice.currency,
      amountPaid: invoice.amount_paid,
      amountDue: invoice.amount_due,
      total: invoice.total,
      createdAt: invoice.created,
      paidAt: invoice.status_transitions?.paid_at ?? null,
      periodStart: invoice.period_start,
      periodEnd: invoice.period_end,
      hostedInvoiceUrl: invoice.hosted_invoice_url ?? null,
      invoicePdf: invoice.invoice_pdf ?? null,
      /** The subscription's tag stands on the invoice; the invoice's own wins. */
      metadata: { ...invoice.subscription_details?.metadata, ...details?.metadata, ...invoice.metadata },
      lines: invoice.lines.data,
      hasMoreLines: invoice.lines.hasMore,
    }
  })

const itemSchema = z.object({
  id: z.string().default(''),
  price: z.union([z.string().transform((id) => ({ id })), z.object({ id: z.string() })]),
  quantity: z.number().nullish(),
  current_period_start: seconds,
  current_period_end: seconds,
})

const subscriptionSchema = z
  .object({
    id: z.string(),
    customer: reference,
    status: z.string(),
    created,
    cancel_at_period_end: z.boolean().nullish(),
    cancel_at: seconds,
    canceled_at: seconds,
    ended_at: seconds,
    trial_end: seconds,
    current_period_start: seconds,
    current_period_end: seconds,
    cancellation_details: z.object({ reason: z.string().nullish() }).nullish(),
    pause_collection: z.object({ resumes_at: seconds }).nullish(),
    default_payment_method: reference,
    schedule: reference,
    latest_invoice: reference,
    metadata,
    items: listOf(itemSchema),
  })
  .transform((subscription) => {
    const item = subscription.items.data[0] ?? null
    const periodEnd = item?.current_period_end ?? subscription.current_period_end
    const { cancel_at: cancelAt } = subscription
    return {
      id: subscription.id,
      customerId: subscription.customer,
      status: subscription.status,
      createdAt: subscription.created,
      // The portal of newer versions sets `cancel_at` to the period's end instead of the flag.
      cancelAtPeriodEnd: subscription.cancel_at_period_end === true || cancelAt !== null,
      hasCancelFlag: subscription.cancel_at_period_end === true,
      cancelAt,
      /** When it was decided, for one that still runs too. */
      canceledAt: subscription.canceled_at,
      endedAt: subscription.ended_at,
      trialEnd: subscription.trial_end,
      currentPeriodStart: item?.current_period_start ?? subscription.current_period_start,
      currentPeriodEnd: periodEnd,
      cancellationReason: subscription.cancellation_details?.reason ?? null,
      /** Its invoices come and are not collected. */
      isCollectionPaused: Boolean(subscription.pause_collection),
      collectionResumesAt: subscription.pause_collection?.resumes_at ?? null,
      /** Its own; without one the customer's is charged. */
      paymentMethodId: subscription.default_payment_method,
      scheduleId: subscription.schedule,
      latestInvoiceId: subscription.latest_invoice,
      metadata: subscription.metadata,
      items: subscription.items.data.map(({ id, price, quantity }) => ({
        id,
        priceId: price.id,
        quantity: quantity ?? 1,
      })),
    }
  })

const sessionSchema = z
  .object({
    id: z.string(),
    mode: z.string(),
    status: z.string().nullish(),
    payment_status: z.string().nullish(),
    customer: reference,
    subscription: reference,
    payment_intent: reference,
    client_reference_id: z.string().nullish(),
    amount_total: count,
    currency: z.string().nullish(),
    created,
    url: z.string().nullish(),
    metadata,
    line_items: listOf(z.object({ price: z.object({ id: z.string() }).nullish(), quantity: z.number().nullish() })),
  })
  .transform((session) => ({
    id: session.id,
    mode: session.mode,
    status: session.status ?? null,
    isPaid: session.payment_status === 'paid' || session.payment_status === 'no_payment_required',
    customerId: session.customer,
    subscriptionId: session.subscription,
    paymentIntentId: session.payment_intent,
    userId: session.client_reference_id ?? session.metadata.userId ?? null,
    amountTotal: session.amount_total,
    currency: session.currency ?? 'usd',
    createdAt: session.created,
    url: session.url ?? null,
    metadata: session.metadata,
    items: session.line_items.data.map(({ price, quantity }) => ({
      priceId: price?.id ?? null,
      quantity: quantity ?? 1,
    })),
  }))

const refundSchema = z
  .object({
    id: z.string(),
    amount: z.number(),
    currency: z.string().nullish(),
    status: z.string().nullish(),
    charge: reference,
    payment_intent: reference,
    created,
  })
  .transform((refund) => ({
    id: refund.id,
    amount: refund.amount,
    currency: refund.currency ?? null,
    /** The money came back to us: what it took has to be given again. */
    hasFailed: refund.status === 'failed' || refund.status === 'canceled',
    chargeId: refund.charge,
    paymentIntentId: refund.payment_intent,
    createdAt: refund.created,
  }))

const chargeSchema = z
  .object({
    id: z.string(),
    customer: reference,
    payment_intent: reference,
    amount: z.number(),
    amount_refunded: count,
    currency: z.string(),
    invoice: reference,
    receipt_url: z.string().nullish(),
    metadata,
    refunds: listOf(refundSchema),
  })
  .transform((charge) => ({
    id: charge.id,
    customerId: charge.customer,
    paymentIntentId: charge.payment_intent,
    amount: charge.amount,
    amountRefunded: charge.amount_refunded,
    currency: charge.currency,
    /** Only before basil; since then the invoice is found by its payments. */
    invoiceId: charge.invoice,
    receiptUrl: charge.receipt_url ?? null,
    metadata: charge.metadata,
    /** Only before 2022-11-15, or where somebody asked for them. */
    refunds: charge.refunds.data,
  }))

const creditNoteSchema = z
  .object({
    id: z.string(),
    invoice: reference,
    status: z.string().nullish(),
    created,
    amount: count,
    type: z.string().nullish(),
    post_payment_amount: z.number().nullish(),
    /** Before basil one refund, by its id alone. */
    refund: reference,
    refunds: z.array(z.object({ amount_refunded: count })).nullish(),
    customer_balance_transaction: reference,
  })
  .transform((note) => {
    const isPaidBefore = note.type !== 'pre_payment'
    const after = note.post_payment_amount ?? (isPaidBefore && !note.refund ? note.amount : 0)
    const refunded = (note.refunds ?? []).reduce((sum, { amount_refunded }) => sum + amount_refunded, 0)
    return {
      id: note.id,
      invoiceId: note.invoice,
      createdAt: note.created,
      /** What went back other than by refunds, after the invoice had been paid. */
      amountCredited: note.status === 'void' ? 0 : Math.max(0, after - refunded),
      isToBalance: note.customer_balance_transaction !== null,
    }
  })

const paymentIntentSchema = z
  .union([z.string().transform(() => ({ latest_charge: null })), z.object({ latest_charge: reference })])
  .transform(({ latest_charge: chargeId }) => ({ chargeId }))

const disputeSchema = z
  .object({
    id: z.string(),
    amount: z.number(),
    currency: z.string().default('usd'),
    status: z.string(),
    charge: reference,
    payment_intent: reference,
    created,
  })
  .transform((dispute) => ({
    id: dispute.id,
    amount: dispute.amount,
    currency: dispute.currency,
    status: dispute.status,
    chargeId: dispute.charge,
    paymentIntentId: dispute.payment_intent,
    createdAt: dispute.created,
  }))

const invoiceSchema = z.preprocess(withLineDefaults, invoiceObject)

export type StripeInvoice = z.infer<typeof invoiceSchema>
export type StripeInvoiceLine = StripeInvoice['lines'][number]
export type StripeSubscription = z.infer<typeof subscriptionSchema>
export type StripeSession = z.infer<typeof sessionSchema>
export type StripeCharge = z.infer<typeof chargeSchema>
export type StripeRefund = z.infer<typeof refundSchema>
export type StripeCreditNote = z.infer<typeof creditNoteSchema>
export type StripeDispute = z.infer<typeof disputeSchema>

/** Reads an invoice, or a preview of one, of either shape. */
export const readInvoice = (value: unknown): StripeInvoice => invoiceSchema.parse(value)

/** Reads one line of an invoice, for those that did not come with it. */
export const readInvoiceLine = (value: unknown): StripeInvoiceLine => lineSchema.parse(value)

/** Reads a subscription of either shape. */
export const readSubscription = (value: unknown): StripeSubscription => subscriptionSchema.parse(value)

/** Reads a checkout session. */
export const readSession = (value: unknown): StripeSession => sessionSchema.parse(value)

/** Reads a charge of either shape. */
export const readCharge = (value: unknown): StripeCharge => chargeSchema.parse(value)

/** Reads a refund. */
export const readRefund = (value: unknown): StripeRefund => refundSchema.parse(value)

/** Reads a dispute. */
export const readDispute = (value: unknown): StripeDispute => disputeSchema.parse(value)

/** Reads a credit note. */
export const readCreditNote = (value: unknown): StripeCreditNote => creditNoteSchema.parse(value)

/** Reads an expanded payment intent, as far as to its charge. */
export const readPaymentIntent = (value: unknown): { chargeId: string | null } => paymentIntentSchema.parse(value)
