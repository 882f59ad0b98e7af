import { z } from 'zod'
import { kindsOf } from './kinds.ts'

const LIMIT_MAX = 100

const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/, { error: `must be a whole number from ${min} to ${max}` })
    .transform(Number)
    .refine((value) => value >= min && value <= max, { error: `must be a whole number from ${min} to ${max}` })

const moment = z
  .union([z.iso.date(), z.iso.datetime({ offset: true })], {
    error: 'must be a day as 2026-05-01 or a moment as 2026-05-01T00:00:00Z',
  })
  .transform((text) => new Date(text))

/** The query of `GET /api/credits/entries`. Strict: a misspelled filter must not look as if it matched everything. */
export const entriesQuery = z
  .strictObject({
    before: wholeNumber(0, Number.MAX_SAFE_INTEGER).optional(),
    limit: wholeNumber(1, LIMIT_MAX).default(50),
    kind: z
      .string()
      .transform((name, context) => {
        const kinds = kindsOf(name)
        if (!kinds) context.addIssue({ code: 'custom', message: 'is not a kind of entry' })
        return kinds ?? []
      })
      .optional(),
    action: z.string().min(1).max(64).optional(),
    from: moment.optional(),
    to: moment.optional(),
    /** For spreadsheets: a CSV that begins with a byte-order mark. */
    bom: z.enum(['0', '1'], { error: 'must be 0 or 1' }).default('0'),
    format: z.enum(['json', 'csv'], { error: 'must be json or csv' }).default('json'),
  })
  .transform(({ kind, bom, ...query }) => ({ ...query, kinds: kind, withMark: bom === '1' }))
