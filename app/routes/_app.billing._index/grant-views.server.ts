import type { Grant } from '#models/credit-account.server.ts'
import type { PaymentBehind } from '#app/billing/purchases/grant-payments.server.ts'
import { formatCredits, formatCreditsInWords } from '#app/format.ts'
import { grantHref, type GrantWords, positionOf, reservedOf, wordsOfGrant } from '#app/usage/grant-words.server.ts'

/** A grant in words, for the stack on the billing page. */
export interface GrantView extends GrantWords {
  id: string
  href: string
  /** "Burns next", "Then", "Starts 1 Jun" */
  position: string
  /** "1,880 of 2,000 left", with the figure apart; what has not started has only what will come. */
  left: { figure: string; of: string }
  /** For the meter; null for what has not started. */
  share: { value: number; max: number } | null
  reserved: string | null
  /** Why it stands before the next one; null for the last and for what has not started. */
  why: string | null
}

interface Context {
  timeZone: string
  now: Date
}

/** Puts grants, already in burn order, into words. */
export function toGrantViews(
  grants: Grant[],
  payments: ReadonlyMap<string, PaymentBehind>,
  context: Context,
): GrantView[] {
  return grants.map((grant, index) => {
    const next = grants[index + 1]
    const reserved = reservedOf(grant)
    return {
      ...wordsOfGrant(grant, payments, context),
      id: grant.id,
      href: grantHref(grant.id),
      position: positionOf(grant, index, context),
      left: grant.started
        ? { figure: formatCredits(grant.remaining), of: `of ${formatCredits(grant.granted)} left` }
        : { figure: formatCreditsInWords(grant.granted), of: 'upcoming' },
      share: grant.started ? { value: grant.remaining, max: grant.granted } : null,
      reserved: reserved > 0 ? `${formatCredits(reserved)} reserved` : null,
      why: grant.started && next?.started ? reasonBefore(grant, next) : null,
    }
  })
}

/** The first rule of the burn order by which the two differ: the same order as in app/credits/fold.ts. */
function reasonBefore(grant: Grant, next: Grant): string {
  if (grant.priority !== next.priority) return 'Set to be used first.'
  if (grant.expiresAt.getTime() !== next.expiresAt.getTime()) return 'Expires first.'
  if (grant.category !== next.category) return 'Free credits are used before paid ones.'
  return 'Oldest first.'
}
