import type { EntryKind } from '#models/credit-account.server.ts'
import { withSearch } from '../with-search.ts'
import { PERIODS, type Period } from './chart.ts'
import { addDays, type Day, parseDay, startOfDay } from './days.ts'
import { kindsOf, MOVING_KINDS } from './kinds.ts'

/** The filters of the usage page, as its form has them. */
export interface UsageQuery {
  /** The id of a group of kinds, or empty. */
  kind: string
  action: string
  /** First and last day; each may be empty. */
  from: Day
  to: Day
  period: Period
  /** Only entries before this one; null at the newest page. */
  before: number | null
  /** The `before` of the newer pages, the newest first, for going back. */
  trail: (number | null)[]
}

/** How many pages the user can go back. */
const TRAIL_MAX = 30
const ACTION_MAX = 64

/** Reads the address of the page. Invalid parts are ignored: a mistyped address still shows the ledger. */
export function parseUsageQuery(params: URLSearchParams): UsageQuery {
  const kind = params.get('kind') ?? ''
  return {
    kind: kindsOf(kind) ? kind : '',
    action: (params.get('action') ?? '').trim().slice(0, ACTION_MAX),
    from: parseDay(params.get('from') ?? '') ?? '',
    to: parseDay(params.get('to') ?? '') ?? '',
    period: PERIODS.find((days) => String(days) === params.get('days')) ?? PERIODS[0],
    before: parseCursor(params.get('before')),
    trail: (params.get('trail') ?? '')
      .split('.')
      .filter((part) => part !== '')
      .slice(-TRAIL_MAX)
      .map((part) => (part === 'new' ? null : parseCursor(part))),
  }
}

/** Reads a cursor: a whole number from 0, or null. */
export function parseCursor(text: string | null): number | null {
  if (text === null || !/^\d{1,15}$/.test(text)) return null
  return Number(text)
}

/** The filter for the ledger: the reader's days become moments. */
export function toEntryFilter(
  { kind, action, from, to }: Pick<UsageQuery, 'kind' | 'action' | 'from' | 'to'>,
  timeZone: string,
): { kinds: EntryKind[]; action?: string; from?: Date; to?: Date } {
  return {
    kinds: kindsOf(kind) ?? MOVING_KINDS,
    ...(action && { action }),
    ...(from && { from: startOfDay(from, timeZone) }),
    ...(to && { to: startOfDay(addDays(to, 1), timeZone) }),
  }
}

/** How many filters are set, for "Filter (2)". */
export function countFilters({ kind, action, from, to }: UsageQuery): number {
  return [kind, action, from, to].filter((value) => value !== '').length
}

/** Writes an address of the page, without defaults. */
export function usageHref(query: UsageQuery, change: Partial<UsageQuery> = {}): string {
  const { kind, action, from, to, period, before, trail } = { ...query, ...change }
  return withSearch('/usage', {
    ...{ kind, action, from, to },
    days: period === PERIODS[0] ? null : String(period),
    before: before === null ? null : String(before),
    trail: trail.map((cursor) => cursor ?? 'new').join('.'),
  })
}

/** The addresses of the older and the newer page; null where there is none. */
export function neighbours(
  query: UsageQuery,
  nextBefore: number | null,
): { older: string | null; newer: string | null } {
  const newer = query.trail.at(-1)
  return {
    older:
      nextBefore === null
        ? null
        : usageHref(query, { before: nextBefore, trail: [...query.trail, query.before].slice(-TRAIL_MAX) }),
    newer: query.before === null ? null : usageHref(query, { before: newer ?? null, trail: query.trail.slice(0, -1) }),
  }
}
