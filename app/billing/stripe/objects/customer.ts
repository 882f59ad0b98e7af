import { z } from 'zod'
import { count } from './fields.ts'

const customerSchema = z
  .object({ id: z.string(), balance: count, currency: z.string().nullish() })
  .transform(({ id, balance, currency }) => ({
    id,
    /** Below zero is money in the customer's favor. */
    balance,
    /** Of the balance; a customer who has never had an invoice or a balance has none. */
    currency: currency ?? null,
  }))

export type StripeCustomer = z.infer<typeof customerSchema>

/** Reads a customer. */
export const readCustomer = (value: unknown): StripeCustomer => customerSchema.parse(value)
