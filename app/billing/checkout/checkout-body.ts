import { z } from 'zod'

const NAME_MAX = 100

/** Body of `POST /api/checkout`. */
export const checkoutBody = z.union(
  [
    z.strictObject({
      plan: z.string().max(NAME_MAX).describe('The name of a plan.'),
      interval: z.enum(['month', 'year']).describe('How often it is paid.'),
    }),
    z.strictObject({
      pack: z
        .union([z.string().max(NAME_MAX), z.number().transform(String)])
        .describe('The id of a pack, such as 500, as a string or a number.'),
    }),
  ],
  'Send either a plan and its interval ("month" or "year"), or a pack.',
)
