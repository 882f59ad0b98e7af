import { z } from 'zod'
import { reference } from './fields.ts'

/*
 * A schedule phase as Stripe accepts it, from a phase as Stripe returns it. Fields missing from a phase are lost when
 * it starts, so all are copied, including those the app never reads.
 */

/** Stripe returns null for absent fields; a request omits them. */
const given = <T extends z.ZodType>(inner: T) => inner.nullish().transform((value) => value ?? undefined)
const id = reference.transform((value) => value ?? undefined)
const metadata = given(z.record(z.string(), z.string()))

/** A discount in use is kept; a coupon or promotion code starts a new one. */
const discount = z
  .object({ discount: id, coupon: id, promotion_code: id })
  .transform((one) => (one.discount ? { discount: one.discount } : one))
const discounts = given(z.array(discount).transform((all) => (all.length > 0 ? all : undefined)))
const taxRates = given(
  z.array(reference).transform((all) => (all.length > 0 ? all.flatMap((one) => one ?? []) : undefined)),
)
const liability = given(z.object({ type: z.enum(['account', 'self']), account: id }))

const itemSchema = z.object({
  price: reference.transform((value) => value ?? ''),
  quantity: given(z.number()),
  metadata,
  discounts,
  tax_rates: taxRates,
  billing_thresholds: given(z.object({ usage_gte: given(z.number()) })).transform((thresholds) =>
    thresholds?.usage_gte === undefined ? undefined : { usage_gte: thresholds.usage_gte },
  ),
})

const phaseSchema = z.object({
  items: z.array(itemSchema),
  metadata,
  discounts,
  default_tax_rates: taxRates,
  description: given(z.string()),
  collection_method: given(z.enum(['charge_automatically', 'send_invoice'])),
  default_payment_method: id,
  application_fee_percent: given(z.number()),
  on_behalf_of: id,
  transfer_data: given(
    z.object({ destination: reference.transform((value) => value ?? ''), amount_percent: given(z.number()) }),
  ),
  billing_thresholds: given(
    z.object({ amount_gte: given(z.number()), reset_billing_cycle_anchor: given(z.boolean()) }),
  ),
  automatic_tax: given(z.object({ enabled: z.boolean(), liability })),
  invoice_settings: given(
    z.object({
      account_tax_ids: given(z.array(reference).transform((all) => all.flatMap((one) => one ?? []))),
      days_until_due: given(z.number()),
      issuer: liability,
    }),
  ),
})

export type PhaseCopy = z.infer<typeof phaseSchema>

/** Copies a phase without its dates and trial, which the caller sets. */
export const copyPhase = (phase: unknown): PhaseCopy => phaseSchema.parse(phase)

/**
 * The same with another price for one item; quantity, discounts, tax rates and metadata stay. A quantity of zero
 * becomes one.
 */
export function withPrice({ items, ...phase }: PhaseCopy, from: string, to: string): PhaseCopy {
  const changed = (item: PhaseCopy['items'][number]) => ({ ...item, price: to, quantity: item.quantity || 1 })
  return { ...phase, items: items.map((item) => (item.price === from ? changed(item) : item)) }
}
