import { type EntrySource, type Grant, NEVER } from '#models/credit-account.server.ts'
import { formatCredits, formatDay } from '#app/format.ts'

/** A grant in words, for the stack on the billing page. */
export interface GrantView {
  id: string
  /** "Burns next", "Then", "Starts 1 Jun" */
  position: string
  /** Where it came from: "Invoice of 1 May". */
  source: string
  remaining: string
  granted: string
  /** For the meter. */
  share: { value: number; max: number }
  reserved: string | null
  expires: string
  isPromotional: boolean
  /** Why it stands before the next one; null for the last and for what has not started. */
  why: string | null
}

interface Context {
  timeZone: string
  now: Date
}

/** Puts grants, already in burn order, into words. */
export function toGrantViews(grants: Grant[], context: Context): GrantView[] {
  return grants.map((grant, index) => {
    const next = grants[index + 1]
    const reserved = grant.reserved.reduce((sum, slice) => sum + slice.amount, 0)
    return {
      id: grant.id,
      position: positionOf(grant, index, context),
      source: sourceOf(grant, context),
      remaining: formatCredits(grant.remaining),
      granted: formatCredits(grant.granted),
      share: { value: grant.remaining, max: grant.granted },
      reserved: reserved > 0 ? `${formatCredits(reserved)} reserved` : null,
      expires:
        grant.expiresAt < NEVER
          ? `Expires ${formatDay(grant.expiresAt, context.timeZone, context.now)}`
          : 'Never expires',
      isPromotional: grant.category === 'promotional',
      why: grant.started && next?.started ? reasonBefore(grant, next) : null,
    }
  })
}

function positionOf(grant: Grant, index: number, { timeZone, now }: Context): string {
  if (!grant.started) return `Starts ${formatDay(grant.effectiveAt, timeZone, now)}`
  return index === 0 ? 'Burns next' : 'Then'
}

const SOURCES: Record<EntrySource['type'], string> = {
  invoice: 'Invoice',
  payment: 'Credit pack',
  welcome: 'Welcome credits',
  action: 'Action',
  hold: 'Action',
  refund: 'Refund',
  dispute: 'Dispute',
  admin: 'Correction',
  system: 'Scrip',
}

function sourceOf({ source, createdAt }: Grant, { timeZone, now }: Context): string {
  return `${SOURCES[source.type]} of ${formatDay(createdAt, timeZone, now)}`
}

/** The first rule of the burn order by which the two differ: the same order as in app/credits/fold.ts. */
function reasonBefore(grant: Grant, next: Grant): string {
  if (grant.priority !== next.priority) return 'It was set to go first.'
  if (grant.expiresAt.getTime() !== next.expiresAt.getTime()) return 'It expires first.'
  if (grant.category !== next.category) return 'Gifts go before what you paid for.'
  return 'It is the oldest.'
}
