import { z } from 'zod'
import { reference } from './fields.ts'

const account = z.object({ last4: z.string().nullish() }).nullish()

const card = z
  .object({
    brand: z.string().nullish(),
    last4: z.string().nullish(),
    exp_month: z.number().nullish(),
    exp_year: z.number().nullish(),
  })
  .nullish()

const paymentMethodSchema = z
  .object({
    id: z.string(),
    type: z.string(),
    customer: reference,
    card,
    sepa_debit: account,
    us_bank_account: account,
    bacs_debit: account,
    acss_debit: account,
    au_becs_debit: account,
  })
  .transform(({ id, type, customer, card, ...accounts }) => ({
    id,
    type,
    /** Null once it is detached. */
    customerId: customer,
    brand: card?.brand ?? null,
    last4: [card, ...Object.values(accounts)].find((one) => one?.last4)?.last4 ?? null,
    expMonth: card?.exp_month ?? null,
    expYear: card?.exp_year ?? null,
  }))

export type StripePaymentMethod = z.infer<typeof paymentMethodSchema>

/** Reads a payment method of any kind: of one that is neither a card nor a bank account only the kind is known. */
export const readPaymentMethod = (value: unknown): StripePaymentMethod => paymentMethodSchema.parse(value)

const defaultsSchema = z
  .object({ default_payment_method: reference, default_source: reference })
  .transform(({ default_payment_method: method, default_source: source }) => [method, source])

/**
 * The ids of what a subscription, or a customer's `invoice_settings`, says is to be charged, the first choice first.
 * Cards from before there were payment methods are sources.
 */
export const readDefaults = (value: unknown): string[] =>
  defaultsSchema.parse(value).filter((id): id is string => id !== null)
