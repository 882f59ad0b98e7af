import { z } from 'zod'
import { THRESHOLD_MAX } from './settings.ts'

// A browser sends a checkbox only when it is checked, and sends "on".
const checkbox = z
  .literal('on')
  .optional()
  .transform((value) => value === 'on')

const THRESHOLD_RULE = `Enter a whole number from 1 to ${THRESHOLD_MAX.toLocaleString('en-US')}.`

export const settingsForm = z.object({
  creditsLow: checkbox,
  creditsLowThreshold: z
    .string(THRESHOLD_RULE)
    // As people write it: "1,000", "1 000".
    .transform((text) => text.replace(/[\s,]/g, ''))
    .pipe(z.string().regex(/^\d{1,7}$/, THRESHOLD_RULE))
    .transform(Number)
    .pipe(z.int().min(1, THRESHOLD_RULE).max(THRESHOLD_MAX, THRESHOLD_RULE)),
  creditsArrived: checkbox,
  trialEnding: checkbox,
})
