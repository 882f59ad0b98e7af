import type { PlanChangePreview } from '#app/billing/plan-changes/change-preview.server.ts'
import { findPlan, type Interval } from '#app/billing/plans.ts'
import { adverbOf, listedInterval } from '#app/billing/billing-interval.ts'
import type { Loss } from '#app/credits/losses.ts'
import { type DateContext, formatCredits, formatCreditsInWords, formatDay, formatMoney } from '#app/format.ts'
import { keptSentence, rolloverSentence } from '#app/wording/rollover-words.ts'
import { afterSentences } from './after-words.ts'

interface ChangeView {
  title: string
  /** The calculation; null where nothing happens today. */
  sum: {
    rows: { label: string; money: string }[]
    total: { money: string; credits: string }
  } | null
  /** What happens after today. */
  sentences: string[]
  button: string
  keep: string
  isPaidNow: boolean
}

interface Context extends DateContext {
  /** When the period that is paid for ends. */
  periodEnd: Date | null
  /** The user's credits, and those that expire if they are not used. */
  credits: number
  losses: readonly Loss[]
  gracePeriodDays: number
}

const DAY_MS = 24 * 60 * 60 * 1000

/** Puts the preview of a plan change into a calculation and a few sentences. */
export function toChangeView(preview: PlanChangePreview, context: Context): ChangeView {
  const { from, to, when } = preview
  const samePlan = from.plan === to.plan
  const title = samePlan ? `Pay ${to.plan} ${adverb(to.interval)}` : `Change to ${to.plan}`
  const keep = samePlan ? `Keep paying ${adverbOf(from)}` : `Keep ${from.plan}`
  if (when === 'period-end') return laterView(preview, context, { title, keep })
  const due = formatMoney(preview.amountDue, preview.currency)
  return {
    title,
    sum: sumOf(preview, context),
    sentences: [
      ...creditsSentence(preview, context),
      ...afterSentences(preview, context),
      ...creditSentences(preview, context),
    ],
    button: preview.amountDue > 0 ? `Pay ${due} and change${samePlan ? '' : ` to ${to.plan}`}` : title,
    keep,
    isPaidNow: preview.amountDue > 0,
  }
}

function laterView(preview: PlanChangePreview, context: Context, words: { title: string; keep: string }): ChangeView {
  const { from, to, at } = preview
  const day = formatDay(at, context.timeZone, context.now)
  return {
    ...words,
    sum: null,
    sentences: [
      `Nothing changes today and nothing is charged. ${from.plan} stays active until ${day}.`,
      ...afterSentences(preview, context),
      ...creditSentences(preview, context),
    ],
    button: from.plan === to.plan ? `Pay ${adverb(to.interval)} from ${day}` : `Change to ${to.plan} on ${day}`,
    isPaidNow: false,
  }
}

/** What happens to the credits that the user has, and to the new plan's. */
function creditSentences({ to, when }: PlanChangePreview, context: Context): string[] {
  const plan = findPlan(to.plan)
  const isAsBefore = when === 'now' && context.losses.length === 0
  return [
    ...(isAsBefore ? [] : [keptSentence(context.credits, context.losses, context)]),
    ...(plan && plan.unusedCredits !== 'accumulate' ? [rolloverSentence(plan, context.gracePeriodDays)] : []),
  ]
}

function sumOf(preview: PlanChangePreview, context: Context): ChangeView['sum'] {
  const { lines, discount, amountDue, credits, currency } = preview
  const rest = amountDue - lines.reduce((sum, line) => sum + line.amount, -discount)
  const money = (amount: number) => formatMoney(amount, currency)
  return {
    rows: [
      // First what is charged, then what is returned.
      ...[...lines]
        .sort((one, other) => Number(one.amount < 0) - Number(other.amount < 0))
        .map((line) => rowOf(line, preview, context)),
      ...(discount === 0 ? [] : [{ label: discountLabel(preview), money: money(-discount) }]),
      ...(rest === 0 ? [] : [{ label: 'Tax and account balance', money: money(rest) }]),
    ],
    total: { money: money(amountDue), credits: formatCreditsInWords(credits) },
  }
}

/** Unused time is returned at the price that was paid, so its discount has the opposite sign. */
const discountLabel = ({ discount, from }: PlanChangePreview): string =>
  discount > 0 ? 'Discount' : `Discount on ${from.plan}`

/** Where the number of credits comes from: the new plan's for these days, less those that the old plan added for them. */
function creditsSentence(preview: PlanChangePreview, context: Context): string[] {
  const { lines, credits, from, to } = preview
  const days = daysLeft(preview, context)
  const before = -lines.reduce((sum, line) => sum + Math.min(0, line.credits), 0)
  if (!isUsual(preview) || days === null || before === 0 || credits <= 0) return []
  const included = `${to.plan} includes ${formatCreditsInWords(credits + before)} for ${timeOf(preview, days)}`
  return [
    `${included}. ${from.plan} already added ${formatCredits(before)} of them, so ${formatCredits(credits)} are added now.`,
  ]
}

const isUsual = ({ lines }: PlanChangePreview): boolean =>
  lines.filter(({ amount }) => amount < 0).length <= 1 && lines.length <= 2

/** "20 days": what is left of the paid period. */
function daysLeft({ prorationDate }: PlanChangePreview, { periodEnd }: Context): string | null {
  if (!periodEnd || !prorationDate) return null
  const days = Math.max(1, Math.round((periodEnd.getTime() - prorationDate.getTime()) / DAY_MS))
  return days === 1 ? '1 day' : `${days} days`
}

/** What the new plan's price is for: the same days, or a new period. */
const timeOf = (preview: PlanChangePreview, days: string): string =>
  isSameInterval(preview) ? days : `one ${preview.to.interval}`

/** Our words for the usual lines, Stripe's for others; "Returned" stands for the minus sign. */
function rowOf(line: { description: string; amount: number }, preview: PlanChangePreview, context: Context) {
  const { from, to, currency } = preview
  const days = daysLeft(preview, context)
  const money = formatMoney(line.amount, currency)
  if (!isUsual(preview) || days === null) return { label: line.description, money }
  return line.amount < 0
    ? { label: `Returned for unused time on ${from.plan}, ${days}`, money: formatMoney(-line.amount, currency) }
    : { label: `${to.plan}, ${timeOf(preview, days)}`, money }
}

const isSameInterval = ({ from, to }: PlanChangePreview): boolean => listedInterval(from) === to.interval
const adverb = (interval: Interval): string => adverbOf({ interval, intervalCount: 1 })
