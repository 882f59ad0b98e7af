import { z } from 'zod'
import { isKnownZone } from '../auth/time-zone.ts'
import { addDays, type Day, dayIn, parseDay } from './days.ts'

const DAYS_MAX = 366
const DAYS_DEFAULT = 30
const GROUPS = ['day', 'action'] as const
type Group = (typeof GROUPS)[number]

const A_DAY = 'must be a day as 2026-05-01'
/** Not from the first years of the calendar, where days before a day have no such name. */
const day = z.iso.date({ error: A_DAY }).refine((text) => text > '1970' && parseDay(text) !== null, { error: A_DAY })

const groups = z
  .string()
  .transform((text, context): Group[] => {
    const names = text.split(',')
    const unknown = names.find((name) => !GROUPS.some((group) => group === name))
    if (unknown === undefined) return GROUPS.filter((group) => names.includes(group))
    const message =
      unknown === 'key' ? 'cannot be key: entries do not know their API key' : 'must be day, action, or day,action'
    context.addIssue({ code: 'custom', message })
    return z.NEVER
  })
  .meta({ enum: ['day', 'action', 'day,action', 'action,day'], description: 'What to sum by.' })
  .prefault('day')

/** The query of `GET /api/usage`. Strict: a misspelled parameter must not look as if it had an effect. */
export const usageQuery = z.strictObject({
  from: day.describe('The first day; 30 days before the last if left out.').optional(),
  to: day.describe('The day after the last; tomorrow if left out.').optional(),
  by: groups,
  timeZone: z
    .string()
    .refine(isKnownZone, { error: 'must be a time zone as Europe/Berlin' })
    .describe('Where the days begin: the name of a time zone, as Europe/Berlin.')
    .default('UTC'),
})

/** What a program asks of its usage. */
export interface UsageRequest {
  from: Day
  /** The day after the last. */
  to: Day
  by: Group[]
  timeZone: string
}

/**
 * Sets the days of a query: the last 30 up to today, unless it says otherwise.
 * @returns null if there is no day between them, or more than 366
 */
export function withDays({ from, to, ...query }: z.output<typeof usageQuery>, now: Date): UsageRequest | null {
  const end = to ?? addDays(dayIn(now, query.timeZone), 1)
  const start = from ?? addDays(end, -DAYS_DEFAULT)
  return start < end && addDays(start, DAYS_MAX) >= end ? { ...query, from: start, to: end } : null
}
