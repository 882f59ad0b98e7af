import { formatDate, formatHour } from '../format.ts'
import type { NotificationData, NotificationKind } from './kinds.ts'

/** A mail before it is text and HTML: both have the same words. */
export interface MailContent {
  subject: string
  /** Whole sentences: what happened, what it means, what to do. */
  paragraphs: string[]
  /** Amounts and dates to look up. */
  facts: { label: string; value: string }[]
  action: { label: string; url: string } | null
}

export interface MailContext {
  /** The name of the user; may be empty. */
  name: string
  timeZone: string
  /** Without a slash at its end. */
  appUrl: string
  /** Where the user confirms the address. */
  confirmationUrl?: string
}

/** For each kind of notification, the mail in words. */
export type MailWriters = {
  [Kind in NotificationKind]: (data: NotificationData<Kind>, context: MailContext) => MailContent
}

/** "6 May 2026, 14:00 CEST", with the year, since a mail may be read much later. */
export function moment(date: Date, { timeZone }: MailContext): string {
  return `${formatDate(date, timeZone)}, ${formatHour(date, timeZone)}`
}

/** "6 May 2026" */
export function day(date: Date, { timeZone }: MailContext): string {
  return formatDate(date, timeZone)
}
