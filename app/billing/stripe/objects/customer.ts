import { z } from 'zod'
import { count, listOf } from './fields.ts'

const customerSchema = z
  .object({ id: z.string(), balance: count, currency: z.string().nullish() })
  .transform(({ id, balance, currency }) => ({
    id,
    /** Negative is in the customer's favor. */
    balance,
    /** Of the balance; null for a customer who never had an invoice or a balance. */
    currency: currency ?? null,
  }))

export type StripeCustomer = z.infer<typeof customerSchema>

export const readCustomer = (value: unknown): StripeCustomer => customerSchema.parse(value)

const text = z
  .string()
  .nullish()
  .transform((value) => value?.trim() || null)

const addressSchema = z
  .object({ line1: text, line2: text, city: text, state: text, postal_code: text, country: text })
  .transform(({ postal_code: postalCode, ...address }) => ({ ...address, postalCode }))

const billedSchema = z
  .object({
    id: z.string(),
    name: text,
    address: addressSchema.nullish(),
    tax_ids: listOf(z.object({ type: z.string(), value: z.string() })),
  })
  .transform(({ id, name, address, tax_ids: taxIds }) => ({
    id,
    name,
    /** Null if all fields are empty. */
    address: address && Object.values(address).some((part) => part !== null) ? address : null,
    taxIds: taxIds.data,
  }))

/** Reads what is printed on a customer's invoices; tax IDs only where expanded. */
export const readBilledCustomer = (value: unknown): z.infer<typeof billedSchema> => billedSchema.parse(value)
