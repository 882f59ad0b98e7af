import { z } from 'zod'
import { count, created, listOf, metadata, named, reference, text } from './fields.ts'

const itemSchema = z
  .object({
    id: z.string().default(''),
    description: text,
    amount_subtotal: count,
    price: z.object({ id: z.string() }).nullish(),
    quantity: z.number().nullish(),
  })
  .transform(({ amount_subtotal, price, quantity, ...item }) => ({
    ...item,
    /** Before discounts, without tax on top. */
    amount: amount_subtotal,
    priceId: price?.id ?? null,
    quantity: quantity ?? 1,
  }))

const sessionSchema = z
  .object({
    id: z.string(),
    mode: z.string(),
    status: text,
    payment_status: text,
    customer: reference,
    subscription: reference,
    payment_intent: reference,
    invoice: reference,
    client_reference_id: text,
    amount_total: count,
    currency: z.string().nullish(),
    created,
    url: text,
    metadata,
    line_items: listOf(itemSchema),
  })
  .transform((session) => ({
    id: session.id,
    mode: session.mode,
    status: session.status,
    isPaid: session.payment_status === 'paid' || session.payment_status === 'no_payment_required',
    customerId: session.customer,
    subscriptionId: session.subscription,
    paymentIntentId: session.payment_intent,
    /** The invoice it paid: of a subscription, or of a purchase with invoice creation. */
    invoiceId: session.invoice,
    userId: session.client_reference_id ?? session.metadata.userId ?? null,
    amountTotal: session.amount_total,
    currency: session.currency ?? 'usd',
    createdAt: session.created,
    url: session.url,
    metadata: session.metadata,
    items: session.line_items.data.map(named),
    hasMoreItems: session.line_items.hasMore,
  }))

export type StripeSessionItem = z.infer<typeof itemSchema>

export type StripeSession = z.infer<typeof sessionSchema>

/** Reads an item of a checkout session that was listed separately. */
export const readSessionItem = (value: unknown): StripeSessionItem => itemSchema.parse(value)

export const readSession = (value: unknown): StripeSession => sessionSchema.parse(value)
