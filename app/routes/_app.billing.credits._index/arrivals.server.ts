import type { Grant, LogEntry } from '#models/credit-account.server.ts'
import type { PaymentBehind } from '#app/billing/purchases/grant-payments.server.ts'
import { type DateContext, formatCredits } from '#app/format.ts'
import { grantHref, wordsOfGrant } from '#app/usage/grant-words.server.ts'

/** A grant as a row of the credit history. */
export type Arrival = ReturnType<typeof toArrivals>[number]

/** Puts the entries that added credits into rows; corrections that removed some are left out. */
export function toArrivals(
  entries: readonly LogEntry[],
  current: readonly Grant[],
  payments: ReadonlyMap<string, PaymentBehind>,
  context: DateContext,
) {
  const living = new Map(current.map((grant) => [grant.id, grant]))
  return entries.flatMap(({ grant: terms }) => {
    if (!terms) return []
    const { name, expires, paid, paper } = wordsOfGrant(terms, payments, context)
    return [
      {
        id: terms.id,
        href: grantHref(terms.id),
        name,
        credits: formatCredits(terms.granted, { signed: true }),
        ...leftOf(living.get(terms.id)),
        expires,
        paid: paid ?? 'Free',
        paper,
      },
    ]
  })
}

/** What is left of a grant or still to come; one that the account no longer has is used up. */
function leftOf(grant: Grant | undefined) {
  const isToCome = grant !== undefined && !grant.started
  return { left: formatCredits((isToCome ? grant.granted : grant?.remaining) ?? 0), isToCome }
}
