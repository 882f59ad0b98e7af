import type { GrantEffect, GrantLine, GrantHistory } from '#app/credits/grant-history.server.ts'
import type { PaymentBehind } from '#app/billing/purchases/grant-payments.server.ts'
import { type DateContext, formatCredits, formatDateTime } from '#app/format.ts'
import { detailOf, wordsOf } from '#app/usage/entry-words.server.ts'
import { positionOf, reservedOf, wordsOfGrant } from '#app/usage/grant-words.server.ts'

/** A grant's own page in words. */
export type GrantHistoryView = ReturnType<typeof toGrantHistoryView>

/** Puts the history of a grant into words. */
export function toGrantHistoryView(
  history: GrantHistory,
  payments: ReadonlyMap<string, PaymentBehind>,
  context: DateContext,
) {
  const { terms, current } = history
  const isWaiting = current !== null && !current.started
  const left = isWaiting ? current.granted : (current?.remaining ?? 0)
  const words = wordsOfGrant(terms, payments, context)
  return {
    ...words,
    /** What is left, or what will come: the page's large figure. */
    figure: formatCredits(left),
    figureNote: isWaiting
      ? `${left === 1 ? 'credit' : 'credits'} upcoming`
      : `of ${formatCredits(terms.granted)} credits left`,
    share: isWaiting ? null : { value: left, max: terms.granted },
    stub: [
      { term: 'Status', value: placeOf(history, context) },
      { term: 'Added', value: formatDateTime(terms.createdAt, context.timeZone, context.now) },
      ...(terms.effectiveAt > terms.createdAt
        ? [{ term: 'Starts', value: formatDateTime(terms.effectiveAt, context.timeZone, context.now) }]
        : []),
      { term: 'Expiry', value: words.expires },
      { term: 'Payment', value: words.paid ?? 'Free' },
    ],
    sum: sumOf(history, { left, isWaiting }),
    lines: history.lines.map((line) => toLine(line, context)),
  }
}

function placeOf({ current, place, tally }: GrantHistory, context: DateContext): string {
  // In the stack it is below the others; alone on a page that has to be said.
  if (current?.started && place) return 'Used later'
  if (current) return positionOf(current, place ?? 0, context)
  if (tally.expired > 0 || tally.capped > 0) return 'Expired'
  return tally['called-off'] > 0 ? 'Canceled' : 'Used up'
}

const LOSSES: Record<Exclude<GrantEffect, 'came'>, string> = {
  spent: 'Spent on actions',
  'taken-back': 'Refunds and disputes',
  'settled-debt': 'Settled a negative balance',
  corrected: 'Corrections',
  expired: 'Expired',
  capped: 'Above the rollover limit',
  'called-off': 'Canceled before they started',
}

/** What was added, what was used or lost, and what is left; spending is always shown. */
function sumOf({ terms, tally, current }: GrantHistory, { left, isWaiting }: { left: number; isWaiting: boolean }) {
  const effects = Object.keys(LOSSES) as (keyof typeof LOSSES)[]
  const reserved = current ? reservedOf(current) : 0
  const minus = (credits: number) => formatCredits(-credits || 0)
  return {
    rows: [
      { label: isWaiting ? 'Bought' : 'Added', credits: formatCredits(terms.granted) },
      ...effects
        .filter((effect) => tally[effect] > 0 || (effect === 'spent' && !isWaiting))
        .map((effect) => ({ label: LOSSES[effect], credits: minus(tally[effect]) })),
      ...(reserved > 0 ? [{ label: 'Reserved for running actions', credits: minus(reserved) }] : []),
    ],
    total: { label: isWaiting ? 'Upcoming' : 'Remaining', credits: formatCredits(left) },
  }
}

function toLine({ entry, effect, credits }: GrantLine, { timeZone, now }: DateContext) {
  const settles = effect === 'settled-debt'
  return {
    id: `${entry._id} ${effect}`,
    title: settles ? LOSSES['settled-debt'] : wordsOf(entry, timeZone).title,
    at: entry.at.toISOString(),
    when: formatDateTime(entry.at, timeZone, now),
    credits,
    detail: detailOf(entry, timeZone),
  }
}
