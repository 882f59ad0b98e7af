import { z } from 'zod'

/** A moment in the query of an API call: a day, which means its start in UTC, or a time with its zone. */
export const queryMoment = z
  .union([z.iso.date(), z.iso.datetime({ offset: true })], {
    error: 'must be a day as 2026-05-01 or a moment as 2026-05-01T00:00:00Z',
  })
  .transform((text) => new Date(text))
