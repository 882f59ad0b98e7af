import { z } from 'zod'

/** Mails that a user can turn off. Pure. */
export const OPTIONAL_MAILS = ['creditsLow', 'creditsArrived', 'trialEnding'] as const
export type OptionalMail = (typeof OPTIONAL_MAILS)[number]

export type NotificationSettings = Record<OptionalMail, boolean> & {
  /** Whole credits: a mail goes out when fewer are left. */
  creditsLowThreshold: number
}

export const DEFAULT_SETTINGS: NotificationSettings = {
  creditsLow: true,
  creditsLowThreshold: 100,
  creditsArrived: true,
  trialEnding: true,
}

export const THRESHOLD_MAX = 1_000_000

/** What a mail of this setting is about, for sentences like "You will get no more mails …". */
export const MAIL_NAMES: Record<OptionalMail, string> = {
  creditsLow: 'about low credits',
  creditsArrived: 'about credits that arrive',
  trialEnding: 'before a trial ends',
}

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

export const isOptionalMail = (name: string): name is OptionalMail =>
  (OPTIONAL_MAILS as readonly string[]).includes(name)
