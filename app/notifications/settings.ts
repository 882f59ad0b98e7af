/** Mails that a user can turn off. */
const OPTIONAL_MAILS = ['creditsLow', 'creditsArrived', 'trialEnding'] as const
export type OptionalMail = (typeof OPTIONAL_MAILS)[number]

export type NotificationSettings = Record<OptionalMail, boolean> & {
  /** Whole credits: a mail is sent when fewer are left. */
  creditsLowThreshold: number
}

export const DEFAULT_SETTINGS: NotificationSettings = {
  creditsLow: true,
  creditsLowThreshold: 100,
  creditsArrived: true,
  trialEnding: true,
}

export const THRESHOLD_MAX = 1_000_000

/** What a mail of this setting is about, as in "You will get no more emails …". */
export const MAIL_NAMES: Record<OptionalMail, string> = {
  creditsLow: 'about low credits',
  creditsArrived: 'about credits that arrive',
  trialEnding: 'before a trial ends',
}

export const isOptionalMail = (name: string): name is OptionalMail =>
  (OPTIONAL_MAILS as readonly string[]).includes(name)
