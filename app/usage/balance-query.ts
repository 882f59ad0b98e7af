import { z } from 'zod'

/** The query of `GET /api/credits/balance`. */
export const balanceQuery = z.strictObject({
  at: z.iso
    .datetime({
      offset: true,
      // In a query a plus is a space.
      error: 'must be a moment as 2026-05-01T12:00:00Z; write the + of an offset as %2B',
    })
    .transform((text) => new Date(text))
    .describe('A moment in the past; now if left out.')
    .optional(),
})
