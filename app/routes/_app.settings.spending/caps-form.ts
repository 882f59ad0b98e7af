import { z } from 'zod'
import { GRANT_MAX } from '#app/credits/credits.ts'

const CAP_RULE = `Enter a whole number from 1 to ${GRANT_MAX.toLocaleString('en-US')}, or leave it empty for no cap.`

const isCap = (credits: number): boolean => credits >= 1 && credits <= GRANT_MAX

/** A whole number as people write it ("1,000", "1 000"), or null for none. */
const cap = z
  .string()
  .optional()
  .transform((text = '') => text.replace(/[\s,]/g, ''))
  .refine((digits) => digits === '' || (/^\d{1,10}$/.test(digits) && isCap(Number(digits))), CAP_RULE)
  .transform((digits) => (digits === '' ? null : Number(digits)))

/** `key`: the API key whose caps they are; the account's without it. */
export const capsForm = z.object({ day: cap, month: cap, key: z.string().max(64).optional() })
