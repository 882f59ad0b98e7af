import type { Balance } from '#app/credits/balance.server.ts'
import { type DateContext, formatCredits, formatCreditsInWords, formatDay } from '#app/format.ts'
import { primaryActionOf, pausesOf } from '#app/plan-status/primary-action.ts'
import type { PlanStatus } from '#app/plan-status/plan-status.ts'

export type BalanceView = ReturnType<typeof toBalanceView>

/** Puts a balance and a plan's status into words. */
export function toBalanceView(
  { credits, held, holds, debt, nextArrival }: Balance,
  standing: PlanStatus,
  { timeZone, now }: DateContext,
) {
  const day = (date: Date) => formatDay(date, timeZone, now)
  const sentences = [
    held > 0 ? reservedSentence(held, holds.length) : null,
    credits < 0 ? debtSentence(debt) : null,
    credits === 0
      ? arrivalSentence(nextArrival && { credits: nextArrival.credits, on: day(nextArrival.at) }, standing.next)
      : null,
  ]
  const stub = [
    standing.price ? { term: 'Price', value: standing.price } : null,
    standing.next,
    ...standing.unused,
    nextArrival
      ? { term: 'Next to arrive', value: `${formatCreditsInWords(nextArrival.credits)} on ${day(nextArrival.at)}` }
      : null,
  ]
  return {
    label: pausesOf(standing).length > 0 ? 'Your credits, kept while spending is paused' : 'Credits you can spend now',
    credits: formatCredits(credits),
    isNegative: credits < 0,
    sentences: sentences.filter((sentence) => sentence !== null),
    plan: standing.plan,
    isLive: standing.isLive,
    badge: standing.badge,
    stub: stub.filter((row) => row !== null),
    main: primaryActionOf(standing, credits),
  }
}

/** Scheduled credits come first: a renewal needs a payment. */
function arrivalSentence(scheduled: { credits: number; on: string } | null, next: PlanStatus['next']): string | null {
  if (scheduled) return `${formatCreditsInWords(scheduled.credits)} arrive on ${scheduled.on}.`
  return next?.credits ? `${formatCreditsInWords(next.credits)} arrive on ${next.value}.` : null
}

const reservedSentence = (held: number, runs: number): string =>
  `${formatCredits(held)} more ${held === 1 ? 'is' : 'are'} reserved for ${runs === 1 ? '1 running action' : `${runs} running actions`}.`

const debtSentence = (debt: number): string =>
  `A refund or a dispute took back credits you had already spent. The next ${formatCreditsInWords(debt)} you get will settle this.`
