import { z } from 'zod'
import { reference, text } from './fields.ts'

const account = z.object({ last4: text }).nullish()
const number = z.number().nullish()
const card = z.object({ brand: text, last4: text, exp_month: number, exp_year: number }).nullish()

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
    /** Null once detached. */
    customerId: customer,
    brand: card?.brand ?? null,
    last4: [card, ...Object.values(accounts)].find((one) => one?.last4)?.last4 ?? null,
    expMonth: card?.exp_month ?? null,
    expYear: card?.exp_year ?? null,
  }))

/** Reads a payment method of any type; other than cards and bank accounts, only the type is known. */
export const readPaymentMethod = (value: unknown): z.infer<typeof paymentMethodSchema> =>
  paymentMethodSchema.parse(value)

const defaultsSchema = z
  .object({ default_payment_method: reference, default_source: reference })
  .transform(({ default_payment_method: method, default_source: source }) => [method, source])

/**
 * The IDs of the payment methods that a subscription, or a customer's `invoice_settings`, charges, first choice first.
 * Cards from before payment methods are sources.
 */
export const readDefaults = (value: unknown): string[] =>
  defaultsSchema.parse(value).filter((id): id is string => id !== null)
