import { paidActions } from '#app/actions/paid-actions.server.ts'
import { packs, plans, welcomeCredits } from '#app/billing/plans.ts'
import type { PlainLedgerDay } from '#app/components/ledger.tsx'
import { formatCredits, formatCreditsInWords, formatMoney, formatWeekday } from '#app/format.ts'

const DAY_MS = 24 * 60 * 60 * 1000

/** The plan that the landing page shows: the middle one of those on sale. */
function examplePlan() {
  const sold = plans.flatMap((plan) => (plan.prices ? [{ ...plan, prices: plan.prices }] : []))
  const middle = sold[Math.floor(sold.length / 2)]
  if (!middle) throw new Error('There is no plan on sale')
  return middle
}

/** The action that the landing page shows: the first one. */
function exampleAction() {
  const [action] = paidActions()
  if (!action) throw new Error('There is no action to spend credits on')
  return action
}

/** What a month of the plan costs and includes, from the plan file and the price of the first action. */
export function exampleSum() {
  const plan = examplePlan()
  const { month } = plan.prices
  const { title, unit } = exampleAction()
  return {
    plan: plan.name,
    price: formatMoney(month.amount, month.currency),
    credits: formatCredits(plan.credits),
    action: title,
    cost: `${formatCreditsInWords(unit.credits)} a ${unit.one}`,
    result: `${formatCredits(Math.floor(plan.credits / unit.credits))} ${unit.many}`,
  }
}

interface ExampleEntry {
  daysAgo: number
  title: string
  source: string
  credits: number
}

/** A few days on the example plan. Balances are added up, not made up. */
export function exampleLedger(today: Date): PlainLedgerDay[] {
  const plan = examplePlan()
  const { title, unit } = exampleAction()
  const spend = (daysAgo: number, runs: number): ExampleEntry => ({
    daysAgo,
    title,
    source: `${runs} ${runs === 1 ? unit.one : unit.many}`,
    credits: -runs * unit.credits,
  })
  const entries: ExampleEntry[] = [
    { daysAgo: 4, title: 'Welcome credits', source: 'One-time gift', credits: welcomeCredits },
    spend(4, 1),
    {
      daysAgo: 2,
      title: `Invoice for ${plan.name}`,
      source: formatMoney(plan.prices.month.amount, plan.prices.month.currency),
      credits: plan.credits,
    },
    spend(2, 3),
    spend(1, 12),
    spend(1, 5),
  ]
  return byDay(entries, today)
}

function byDay(entries: ExampleEntry[], today: Date): PlainLedgerDay[] {
  const days = new Map<number, PlainLedgerDay>()
  let balance = 0
  for (const [index, { daysAgo, title, source, credits }] of entries.entries()) {
    balance += credits
    const date = new Date(today.getTime() - daysAgo * DAY_MS)
    const day = days.get(daysAgo) ?? {
      date: date.toISOString().slice(0, 10),
      label: formatWeekday(date, 'UTC'),
      sum: 0,
      lines: [],
    }
    day.sum += credits
    day.lines.unshift({ id: String(index), title, source, credits, balance })
    days.set(daysAgo, day)
  }
  return [...days.values()].reverse()
}

/** What happens to the credits at renewal. */
export function exampleRenewal(balance: number) {
  const plan = examplePlan()
  const kept =
    plan.unusedCredits === 'accumulate'
      ? balance
      : plan.unusedCredits === 'expire'
        ? 0
        : Math.min(balance, plan.unusedCredits.cap)
  return {
    plan: plan.name,
    price: formatMoney(plan.prices.month.amount, plan.prices.month.currency),
    left: formatCredits(balance),
    lost: balance - kept,
    lostText: formatCredits(kept - balance, { signed: true }),
    added: formatCredits(plan.credits, { signed: true }),
    total: formatCredits(kept + plan.credits),
  }
}

/** What a refusal says, with real prices. */
export function exampleRefusals() {
  const pack = packs[0]
  const needed = 24 * exampleAction().unit.credits
  return {
    needed: formatCreditsInWords(needed),
    has: formatCredits(needed / 3),
    pack: pack
      ? `Buy ${formatCredits(pack.credits)} credits, ${formatMoney(pack.price.amount, pack.price.currency, { short: true })}`
      : null,
  }
}
