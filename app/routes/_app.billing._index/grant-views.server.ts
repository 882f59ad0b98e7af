import type { Grant } from '#models/credit-account.server.ts'
import type { PaymentBehind } from '#app/billing/purchases/grant-payments.server.ts'
import { type DateContext, formatCredits, formatCreditsInWords } from '#app/format.ts'
import { grantHref, positionOf, reservedOf, wordsOfGrant } from '#app/usage/grant-words.server.ts'

/** A grant in words, for the stack on the billing page. */
export type GrantView = ReturnType<typeof toGrantViews>[number]

/** Puts grants, already in burn order, into words. */
export function toGrantViews(grants: Grant[], payments: ReadonlyMap<string, PaymentBehind>, context: DateContext) {
  return grants.map((grant, index) => {
    const next = grants[index + 1]
    const reserved = reservedOf(grant)
    return {
      ...wordsOfGrant(grant, payments, context),
      id: grant.id,
      href: grantHref(grant.id),
      position: positionOf(grant, index, context),
      /** The figure apart from its words; what has not started has only what will come. */
      left: grant.started
        ? { figure: formatCredits(grant.remaining), of: `of ${formatCredits(grant.granted)} left` }
        : { figure: formatCreditsInWords(grant.granted), of: 'upcoming' },
      /** For the meter; null for what has not started. */
      share: grant.started ? { value: grant.remaining, max: grant.granted } : null,
      reserved: reserved > 0 ? `${formatCredits(reserved)} reserved` : null,
      /** Why it is before the next one; null for the last and for what has not started. */
      why: grant.started && next?.started ? reasonBefore(grant, next) : null,
    }
  })
}

/** The first rule of the burn order that tells the two apart, in the same order as in app/credits/fold.ts. */
function reasonBefore(grant: Grant, next: Grant): string {
  if (grant.priority !== next.priority) return 'Set to be used first.'
  if (grant.expiresAt.getTime() !== next.expiresAt.getTime()) return 'Expires first.'
  if (grant.category !== next.category) return 'Free credits are used before paid ones.'
  return 'Oldest first.'
}
