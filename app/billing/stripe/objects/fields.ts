import { z } from 'zod'
import { now } from '../../../clock.server.ts'

/*
 * Stripe's objects as Scrip uses them, in both shapes: before API version 2025-03-31 (basil), with
 * `invoice.subscription`, `line.price` and `subscription.current_period_end`, and since.
 */

/** An ID, or the expanded object. */
export const reference = z
  .union([z.string(), z.object({ id: z.string() })])
  .nullish()
  .transform((value) => (typeof value === 'string' ? value : (value?.id ?? null)))

/** Seconds since 1970, within the range of Date: beyond it a date would be invalid and fail later. */
const stamp = z.number().min(0).max(8.64e12)

export const seconds = stamp
  .nullish()
  .transform((value) => (value === null || value === undefined ? null : new Date(value * 1000)))

export const moment = stamp.transform((value) => new Date(value * 1000))

/** When an object was created; now, if it does not say. */
export const created = stamp
  .nullish()
  .transform((value) => (typeof value === 'number' ? new Date(value * 1000) : now()))

/** A decimal is a string on the wire, and an object in the client library. */
export const decimal = z
  .unknown()
  .optional()
  .transform((value) => (value === null || value === undefined ? null : (value as { toString(): string }).toString()))

export const metadata = z
  .record(z.string(), z.string())
  .nullish()
  .transform((value) => value ?? {})

export const text = z
  .string()
  .nullish()
  .transform((value) => value ?? null)

export const count = z
  .number()
  .nullish()
  .transform((value) => value ?? 0)

export const listOf = <Item extends z.ZodType>(item: Item) =>
  z
    .object({ data: z.array(item), has_more: z.boolean().nullish() })
    .nullish()
    .transform((list) => ({ data: list?.data ?? [], hasMore: list?.has_more ?? false }))

/** Gives a line without an ID one that is unique in its list. */
export const named = <Line extends { id: string }>(line: Line, index: number): Line =>
  line.id ? line : { ...line, id: `line:${index}` }

/** Taxes of a line: since basil they say how they are computed, before that whether they are included. */
export const taxAmounts = z
  .array(z.object({ amount: z.number(), tax_behavior: z.string().nullish(), inclusive: z.boolean().nullish() }))
  .nullish()

/** Tax on top of the prices. */
export const addedTax = (taxes: z.infer<typeof taxAmounts>): number =>
  (taxes ?? []).reduce(
    (sum, { amount, tax_behavior: behavior, inclusive }) =>
      behavior === 'exclusive' || inclusive === false ? sum + amount : sum,
    0,
  )
