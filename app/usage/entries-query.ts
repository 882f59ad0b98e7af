import { z } from 'zod'
import { queryMoment } from '../query-moment.ts'
import { KIND_NAMES, kindsOf } from './kinds.ts'

const LIMIT_MAX = 100

const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/, { error: `must be a whole number from ${min} to ${max}` })
    .transform(Number)
    .refine((value) => value >= min && value <= max, { error: `must be a whole number from ${min} to ${max}` })
    .meta({ type: 'integer', minimum: min, maximum: max, pattern: undefined })

/** The query of `GET /api/credits/entries`. Strict: a misspelled filter must not look as if it matched everything. */
export const entriesQuery = z
  .strictObject({
    before: wholeNumber(0, Number.MAX_SAFE_INTEGER)
      .describe('The nextBefore of the page before: only older entries.')
      .optional(),
    limit: wholeNumber(1, LIMIT_MAX).describe('Entries a page.').default(50),
    kind: z
      .string()
      .transform((name, context) => {
        const kinds = kindsOf(name)
        if (!kinds) context.addIssue({ code: 'custom', message: 'is not a kind of entry' })
        return kinds ?? []
      })
      .meta({ enum: KIND_NAMES, description: 'A kind of entry, or a group of kinds such as spent.' })
      .optional(),
    action: z.string().min(1).max(64).describe('Only entries of this action.').optional(),
    from: queryMoment.describe('Entries from this day (UTC) or moment on.').optional(),
    to: queryMoment.describe('Entries before this day (UTC) or moment.').optional(),
    bom: z
      .enum(['0', '1'], { error: 'must be 0 or 1' })
      .describe('1 begins a CSV with a byte-order mark, for spreadsheets.')
      .default('0'),
    format: z
      .enum(['json', 'csv'], { error: 'must be json or csv' })
      .describe('csv returns all entries that match, in one file.')
      .default('json'),
  })
  .transform(({ kind, bom, ...query }) => ({ ...query, kinds: kind, withMark: bom === '1' }))
