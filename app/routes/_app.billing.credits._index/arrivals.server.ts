import type { Grant, LogEntry } from '#models/credit-account.server.ts'
import type { PaymentBehind } from '#app/billing/purchases/grant-payments.server.ts'
import { formatCredits } from '#app/format.ts'
import { grantHref, wordsOfGrant } from '#app/usage/grant-words.server.ts'

/** A grant as a row of the list of all. */
export interface Arrival {
  id: string
  href: string
  name: string
  credits: string
  left: string
  /** Whether that is left, or still to come. */
  isToCome: boolean
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
        ...leftOf(living.get(terms.id)),
        expires,
        paid: paid ?? 'Free',
        paper,
      },
    ]
  })
}

/** A grant that the account does not have any more has nothing left. */
function leftOf(grant: Grant | undefined): Pick<Arrival, 'left' | 'isToCome'> {
  const isToCome = grant !== undefined && !grant.started
  return { left: formatCredits((isToCome ? grant.granted : grant?.remaining) ?? 0), isToCome }
}
