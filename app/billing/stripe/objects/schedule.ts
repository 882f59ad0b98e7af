import { z } from 'zod'
import { moment, reference } from './fields.ts'
import { isOnTop, priceSchema, taxRates } from './terms.ts'

/** A phase's coupon: one in use already, or one that starts with it. */
const discountSchema = z
  .object({ coupon: reference, discount: reference })
  .transform(({ coupon, discount }) => ({ couponId: coupon, discountId: discount }))

const itemSchema = z
  .object({
    price: z.unknown(),
    quantity: z.number().nullish(),
    discounts: z.array(discountSchema).nullish(),
    tax_rates: taxRates,
  })
  .transform(({ price, quantity, discounts, tax_rates }) => ({
    priceId: reference.parse(price) ?? '',
    /** Only where expanded. */
    price: priceSchema.safeParse(price).data ?? null,
    quantity: quantity ?? 1,
    discounts: discounts ?? [],
    hasTaxOnTop: isOnTop(tax_rates),
    /** A phase has an end, but no item periods. */
    periodEnd: null,
  }))

const phaseSchema = z
  .object({
    start_date: moment,
    end_date: moment,
    items: z.array(itemSchema),
    discounts: z.array(discountSchema).nullish(),
    trial_end: z.number().nullish(),
    add_invoice_items: z.array(z.unknown()).nullish(),
    automatic_tax: z.object({ enabled: z.boolean() }).nullish(),
    default_tax_rates: taxRates,
  })
  .transform((phase) => ({
    startDate: phase.start_date,
    endDate: phase.end_date,
    items: phase.items,
    discounts: phase.discounts ?? [],
    /** More, or less, than its items is charged when it starts. */
    isIrregular: Boolean(phase.trial_end) || (phase.add_invoice_items ?? []).length > 0,
    hasAutomaticTax: phase.automatic_tax?.enabled ?? false,
    hasTaxOnTop: isOnTop(phase.default_tax_rates),
  }))

const scheduleSchema = z
  .object({
    id: z.string(),
    status: z.string(),
    end_behavior: z.string().nullish(),
    current_phase: z.object({ start_date: moment, end_date: moment }).nullish(),
    phases: z.array(phaseSchema),
  })
  .transform(({ id, status, end_behavior, current_phase: now, phases }) => ({
    id,
    isActive: status === 'active',
    /** The subscription ends with the schedule. */
    cancelsAtEnd: end_behavior === 'cancel',
    endDate: phases.at(-1)?.endDate ?? null,
    current: phases.find(({ startDate }) => startDate.getTime() === now?.start_date.getTime()) ?? null,
    /** The phases after the current one, in order. */
    coming: phases.filter(({ startDate }) => now && startDate >= now.end_date),
  }))

export type StripeSchedule = z.infer<typeof scheduleSchema>

/** A phase of a subscription schedule. */
export type StripePhase = z.infer<typeof phaseSchema>

/** Reads a subscription schedule. */
export const readSchedule = (value: unknown): StripeSchedule => scheduleSchema.parse(value)
