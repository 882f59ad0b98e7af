import { z } from 'zod'
import { decimal, listOf, reference, seconds } from './fields.ts'

/** A discount in use. Without its coupon's ID its effect is unknown. */
const discountSchema = z.union([
  z.string().transform((id) => ({ id, couponId: null, end: null })),
  z
    .object({
      id: z.string().default(''),
      /** Before 2025-09-30. */
      coupon: reference,
      source: z.object({ coupon: reference }).nullish(),
      end: seconds,
    })
    .transform(({ id, coupon, source, end }) => ({ id, couponId: source?.coupon ?? coupon, end })),
])

export const priceSchema = z
  .object({
    id: z.string(),
    product: reference,
    currency: z.string(),
    unit_amount: z.number().nullish(),
    unit_amount_decimal: decimal,
    billing_scheme: z.string().nullish(),
    transform_quantity: z.unknown(),
    tax_behavior: z.string().nullish(),
    recurring: z.object({
      interval: z.enum(['day', 'week', 'month', 'year']),
      interval_count: z.number().int().positive().default(1),
      usage_type: z.string().nullish(),
    }),
  })
  .transform(({ id, product, currency, recurring, ...price }) => ({
    id,
    product,
    currency,
    /** Unit amount as a decimal; null if it depends on the quantity. */
    unitAmount: isPerUnit(price) ? (price.unit_amount_decimal ?? price.unit_amount?.toString() ?? null) : null,
    interval: recurring.interval,
    intervalCount: recurring.interval_count,
    isMetered: recurring.usage_type === 'metered',
    containsTax: price.tax_behavior === 'inclusive',
  }))

const isPerUnit = (price: { billing_scheme?: string | null; transform_quantity?: unknown }): boolean =>
  (price.billing_scheme ?? 'per_unit') === 'per_unit' && !price.transform_quantity

export const taxRates = z.array(z.object({ inclusive: z.boolean() })).nullish()
export const isOnTop = (rates: z.infer<typeof taxRates>): boolean => (rates ?? []).some(({ inclusive }) => !inclusive)

const itemSchema = z
  .object({
    price: priceSchema,
    quantity: z.number().nullish(),
    current_period_end: seconds,
    discounts: z.array(discountSchema).nullish(),
    tax_rates: taxRates,
  })
  .transform((item) => ({
    price: item.price,
    quantity: item.quantity ?? 1,
    periodEnd: item.current_period_end,
    discounts: item.discounts ?? [],
    hasTaxOnTop: isOnTop(item.tax_rates),
  }))

const termsSchema = z
  .object({
    currency: z.string(),
    customer: z.union([z.string(), z.object({ discount: z.unknown() })]).nullish(),
    automatic_tax: z.object({ enabled: z.boolean() }).nullish(),
    default_tax_rates: taxRates,
    billing_thresholds: z.unknown(),
    billing_cycle_anchor: seconds,
    current_period_end: seconds,
    discount: discountSchema.nullish(),
    discounts: z.array(discountSchema).nullish(),
    items: listOf(itemSchema),
  })
  .transform((terms) => ({
    currency: terms.currency,
    items: terms.items.data.map((item) => ({ ...item, periodEnd: item.periodEnd ?? terms.current_period_end })),
    /** The subscription's discounts; before 2024-09-30 there was at most one. */
    discounts: terms.discounts ?? (terms.discount ? [terms.discount] : []),
    hasAutomaticTax: terms.automatic_tax?.enabled ?? false,
    hasTaxOnTop: isOnTop(terms.default_tax_rates),
    /** It can be charged before its period ends, has unlisted items, or uses a coupon of the customer. */
    isIrregular:
      Boolean(terms.billing_thresholds) ||
      terms.items.hasMore ||
      (typeof terms.customer === 'object' && Boolean(terms.customer?.discount)),
    anchor: terms.billing_cycle_anchor,
  }))

/** What a subscription charges by: items, prices and discounts. */
export type StripeTerms = z.infer<typeof termsSchema>

export type StripeTermItem = StripeTerms['items'][number]

export type StripeDiscount = z.infer<typeof discountSchema>

/** Expand these when reading terms: a subscription does not contain its coupons' effects. */
export const EXPANDED = ['customer', 'discounts', 'items.data.discounts']

/**
 * Reads the terms of a subscription, of either shape.
 * @returns null where the object does not say enough, like one that came with the ids of its prices
 */
export const readTerms = (value: unknown): StripeTerms | null => termsSchema.safeParse(value).data ?? null
