import { z } from 'zod'
import { count, listOf, text } from './fields.ts'

const customerSchema = z.object({
  /** Negative is in the customer's favor. */
  balance: count,
  /** Of the balance; null for a customer who never had an invoice or a balance. */
  currency: text,
})

export const readCustomer = (value: unknown): z.infer<typeof customerSchema> => customerSchema.parse(value)

const line = text.transform((value) => value?.trim() || null)

const addressSchema = z
  .object({ line1: line, line2: line, city: line, state: line, postal_code: line, country: line })
  .transform(({ postal_code: postalCode, ...address }) => ({ ...address, postalCode }))

const billedSchema = z
  .object({
    name: line,
    address: addressSchema.nullish(),
    tax_ids: listOf(z.object({ type: z.string(), value: z.string() })),
  })
  .transform(({ name, address, tax_ids: taxIds }) => ({
    name,
    /** Null if all fields are empty. */
    address: address && Object.values(address).some((part) => part !== null) ? address : null,
    taxIds: taxIds.data,
  }))

/** Reads what is printed on a customer's invoices; tax IDs only where expanded. */
export const readBilledCustomer = (value: unknown): z.infer<typeof billedSchema> => billedSchema.parse(value)
