import type { PlanChangePreview } from '#app/billing/plan-changes/change-preview.server.ts'
import { findPlan } from '#app/billing/plans.ts'
import { comesMonthly, everyInWords } from '#app/billing/billing-interval.ts'
import { type DateContext, formatCreditsInWords, formatDay, formatMoney } from '#app/format.ts'
import { isUsual, sumInWords } from '#app/wording/payment-words.ts'

/** What is charged after a change, and the credits that come with it. No amount where none is known. */
export function afterSentences(preview: PlanChangePreview, context: DateContext): string[] {
  const { after, endsAt } = preview
  return [
    ...chargeSentences(preview, after, context),
    ...preview.beside.map((one) => stays(one, preview.currency)),
    ...(endsAt ? [`Your subscription ends on ${formatDay(endsAt, context.timeZone, context.now)}.`] : []),
  ]
}

/** "Priority queue stays: 2 × $5.00 a month." */
function stays(
  { name, quantity, unitAmount, ...billingInterval }: PlanChangePreview['beside'][number],
  currency: string,
) {
  const what = name ?? 'Everything else'
  if (unitAmount === null) return `${what} stays as it is.`
  const each = `${formatMoney(unitAmount, currency)} ${everyInWords(billingInterval)}`
  return `${what} stays: ${quantity === 1 ? each : `${quantity} × ${each}`}.`
}

function chargeSentences(
  preview: PlanChangePreview,
  { next, price }: PlanChangePreview['after'],
  { timeZone, now }: DateContext,
): string[] {
  const { to, when, at } = preview
  const isLater = when === 'period-end'
  const plan = isLater ? `${to.plan}, ` : ''
  const day = next && formatDay(next.at, timeZone, now)
  if (next && price && isUsual(next, price)) return [`From ${day}: ${plan}${eachPeriod(preview, price)}.`]
  const begins = isLater ? [`From ${formatDay(at, timeZone, now)}: ${to.plan}.`] : []
  const first = next ? [`On ${day}: ${sumInWords(next)} and ${formatCreditsInWords(next.credits)}.`] : []
  if (!price) return [...begins, ...first]
  const regular = next
    ? `After that: ${eachPeriod(preview, price)}.`
    : `${to.plan} after that: ${eachPeriod(preview, price)}.`
  return [...begins, ...first, regular]
}

/** "$18.00 and 2,000 credits each month" */
function eachPeriod({ to }: PlanChangePreview, price: NonNullable<PlanChangePreview['after']['price']>): string {
  const plan = findPlan(to.plan)
  const [sum, credits] = [sumInWords(price), formatCreditsInWords(price.credits)]
  if (plan && comesMonthly(plan, price)) return `${sum} each ${to.interval} and ${credits} each month`
  return `${sum} and ${credits} each ${to.interval}`
}
