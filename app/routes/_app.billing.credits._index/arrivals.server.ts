import type { Grant, LogEntry } from '#models/credit-account.server.ts'
import type { PaymentBehind } from '#app/billing/payments-behind.server.ts'
import { formatCredits } from '#app/format.ts'
import { grantHref, wordsOfGrant } from '#app/usage/grant-words.server.ts'

/** A grant as a row of the list of all. */
export interface Arrival {
  id: string
  href: string
  name: string
  credits: string
  /** "705 left", "Nothing left", "To come" */
  left: string
  expires: string
  paid: string
  paper: { name: string; url: string } | null
}

interface Context {
  timeZone: string
  now: Date
}

/** Puts the entries that brought credits into rows; corrections that took some are none of them. */
export function toArrivals(
  entries: readonly LogEntry[],
  current: readonly Grant[],
  payments: ReadonlyMap<string, PaymentBehind>,
  context: Context,
): Arrival[] {
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
        left: leftOf(living.get(terms.id)),
        expires,
        paid: paid ?? 'Nothing paid',
        paper,
      },
    ]
  })
}

function leftOf(grant: Grant | undefined): string {
  if (!grant) return 'Nothing left'
  if (!grant.started) return `${formatCredits(grant.granted)} to come`
  return `${formatCredits(grant.remaining)} left`
}
