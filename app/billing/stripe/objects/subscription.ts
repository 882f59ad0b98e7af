import { z } from 'zod'
import { created, listOf, metadata, reference, seconds } from './fields.ts'
import { readTerms, type StripeTerms } from './terms.ts'

/** It has a name only where expanded. */
const product = z
  .union([z.string().transform(() => ({ name: null })), z.object({ name: z.string().nullish() })])
  .nullish()

const itemSchema = z.object({
  id: z.string().default(''),
  price: z.union([z.string().transform((id) => ({ id, product: null })), z.object({ id: z.string(), product })]),
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
    billing_mode: z.object({ type: z.string() }).nullish(),
    latest_invoice: reference,
    metadata,
    items: listOf(itemSchema),
  })
  .transform((subscription) => {
    const { current_period_start: start, current_period_end: end } = subscription
    const items = subscription.items.data.map((item) => ({
      id: item.id,
      priceId: item.price.id,
      /** The product's name in Stripe. */
      name: item.price.product?.name ?? null,
      quantity: item.quantity ?? 1,
      periodStart: item.current_period_start ?? start,
      periodEnd: item.current_period_end ?? end,
    }))
    const first = items.reduce<(typeof items)[number] | null>(sooner, null)
    return {
      id: subscription.id,
      customerId: subscription.customer,
      status: subscription.status,
      createdAt: subscription.created,
      /** It ends with the item whose period ends first. */
      hasCancelFlag: subscription.cancel_at_period_end === true,
      /** When it ends, in this period or later. Newer portals set it instead of the flag. */
      cancelAt: subscription.cancel_at,
      /** When cancellation was requested, even if it is still active. */
      canceledAt: subscription.canceled_at,
      endedAt: subscription.ended_at,
      trialEnd: subscription.trial_end,
      /** The period that ends first. Items may have their own: the plan's is in `termOf`. */
      periodStart: first ? first.periodStart : start,
      periodEnd: first ? first.periodEnd : end,
      cancellationReason: subscription.cancellation_details?.reason ?? null,
      /** Its invoices are created but not collected. */
      isCollectionPaused: Boolean(subscription.pause_collection),
      collectionResumesAt: subscription.pause_collection?.resumes_at ?? null,
      /** Its own payment method; without one, the customer's is charged. */
      paymentMethodId: subscription.default_payment_method,
      scheduleId: subscription.schedule,
      /** All of its items share one interval. */
      isClassic: subscription.billing_mode?.type !== 'flexible',
      latestInvoiceId: subscription.latest_invoice,
      metadata: subscription.metadata,
      /** All items, in no particular order: `planItemOf` finds the plan. */
      items,
    }
  })

function sooner<Item extends { periodEnd: Date | null }>(one: Item | null, other: Item): Item {
  return one?.periodEnd && (!other.periodEnd || one.periodEnd <= other.periodEnd) ? one : other
}

export type StripeSubscription = z.infer<typeof subscriptionSchema> & {
  /** What it charges; null if the object is incomplete. */
  terms: StripeTerms | null
}

export type StripeSubscriptionItem = StripeSubscription['items'][number]

/** Reads a subscription, of either shape. */
export const readSubscription = (value: unknown): StripeSubscription => ({
  ...subscriptionSchema.parse(value),
  terms: readTerms(value),
})
