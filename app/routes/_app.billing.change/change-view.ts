import type { PlanChangePreview } from '#app/billing/change-preview.server.ts'
import { findPlan, type Interval } from '#app/billing/plans.ts'
import { adverbOf, listedInterval } from '#app/billing/rhythm.ts'
import type { Loss } from '#app/credits/losses.ts'
import { formatCredits, formatDay, formatMoney } from '#app/format.ts'
import { keptSentence, rolloverSentence } from '#app/rollover-words.ts'
import { afterSentences } from './after-words.ts'

export interface ChangeView {
  title: string
  /** The sum in money and credits; null where nothing happens today. */
  sum: {
    rows: { label: string; money: string; credits: string }[]
    total: { money: string; credits: string }
  } | null
  /** What comes after today. */
  sentences: string[]
  button: string
  keep: string
  isPaidNow: boolean
}

interface Context {
  timeZone: string
  now: Date
  /** When the period that is paid for ends. */
  periodEnd: Date | null
  /** Credits that somebody has, and what of them will go if it is not used. */
  credits: number
  losses: readonly Loss[]
  gracePeriodDays: number
}

const DAY_MS = 24 * 60 * 60 * 1000

/** Puts the preview of a plan change into a sum and a few sentences. */
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
    sentences: [...afterSentences(preview, context), ...creditSentences(preview, context)],
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
      `Nothing changes today and nothing is charged. ${from.plan} runs on until ${day}.`,
      ...afterSentences(preview, context),
      ...creditSentences(preview, context),
    ],
    button: from.plan === to.plan ? `Pay ${adverb(to.interval)} from ${day}` : `Change to ${to.plan} on ${day}`,
    isPaidNow: false,
  }
}

/** What becomes of the credits that one has, whatever the plan, and of those that the plan brings. */
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
      ...lines.map((line) => ({
        label: labelOf(line, preview, context),
        money: money(line.amount),
        credits: formatCredits(line.credits),
      })),
      ...(discount === 0 ? [] : [{ label: discountLabel(preview), money: money(-discount), credits: '' }]),
      ...(rest === 0 ? [] : [{ label: 'Tax and what you are owed', money: money(rest), credits: '' }]),
    ],
    total: { money: money(amountDue), credits: formatCredits(credits) },
  }
}

/** Unused time comes back for what was paid for it: the discount that it had goes the other way. */
const discountLabel = ({ discount, from }: PlanChangePreview): string =>
  discount > 0 ? 'Discount' : `Discount that ${from.plan} had`

/** Our words where the lines are what they always are, Stripe's where they are not. */
function labelOf(
  line: { description: string; amount: number },
  preview: PlanChangePreview,
  { periodEnd }: Context,
): string {
  const { lines, from, to, prorationDate } = preview
  const isUsual = lines.filter(({ amount }) => amount < 0).length <= 1 && lines.length <= 2
  if (!isUsual || !periodEnd || !prorationDate) return line.description
  const days = Math.max(1, Math.round((periodEnd.getTime() - prorationDate.getTime()) / DAY_MS))
  const rest = days === 1 ? '1 day' : `${days} days`
  if (line.amount < 0) return `Rest of ${from.plan}, ${rest}`
  return isSameInterval(preview) ? `${to.plan}, ${rest}` : `${to.plan}, one ${to.interval}`
}

const isSameInterval = ({ from, to }: PlanChangePreview): boolean => listedInterval(from) === to.interval
const adverb = (interval: Interval): string => adverbOf({ interval, intervalCount: 1 })
