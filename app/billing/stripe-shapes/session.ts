import { z } from 'zod'
import { count, created, listOf, metadata, reference } from './fields.ts'

const sessionSchema = z
  .object({
    id: z.string(),
    mode: z.string(),
    status: z.string().nullish(),
    payment_status: z.string().nullish(),
    customer: reference,
    subscription: reference,
    payment_intent: reference,
    invoice: reference,
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
    /** The one that was paid by it: of a subscription, or of a purchase where Stripe was asked to make one. */
    invoiceId: session.invoice,
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

export type StripeSession = z.infer<typeof sessionSchema>

/** Reads a checkout session. */
export const readSession = (value: unknown): StripeSession => sessionSchema.parse(value)
