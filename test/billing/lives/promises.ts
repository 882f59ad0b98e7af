import type Stripe from 'stripe'
import type { Types } from 'mongoose'
import { planStatusOf } from '#app/plan-status/plan-status.ts'
import { readUser } from '../scenario.ts'
import type { StripeForTests } from '../stripe.ts'
import { isAtLeast, plus, product, ratio, wholeOf } from './ratio.ts'
import { trueCredits } from './truth-credits.ts'
import { monthsOf, Prices, unitIn } from './truth-lines.ts'
import { liveSubscription } from './truth-subscription.ts'

/*
 * What the pages promise: the next payment, the price of each period, and the amount due. The next payment is compared with
 * the invoice that follows, the others with the subscription's items and invoices.
 */

interface Sum {
  amount: number
  currency: string
}

export interface Promised extends Sum {
  subscription: string
  credits: number
  /** Unix seconds. */
  at: number
}

/** When Stripe will next charge by itself, if it will; a scheduled end comes first. */
function chargesAt(live: Stripe.Subscription): number | null {
  if (!['active', 'trialing', 'past_due'].includes(live.status)) return null
  const ends = live.items.data.map((item) => item.current_period_end)
  const at = live.status === 'trialing' ? live.trial_end! : Math.min(...ends)
  const { cancel_at: end, cancel_at_period_end: endsWithPeriod, pause_collection: pause } = live
  if (endsWithPeriod || (end !== null && end <= at)) return null
  if (pause && !(pause.resumes_at !== null && pause.resumes_at <= at)) return null
  return at
}

/**
 * Reads the current promise.
 * @returns null where nothing is charged any more
 * @throws Error when the page promises what will not be charged, omits what will be, or states another amount than
 * the price of each period or the amount due
 */
export async function readPromise(context: StripeForTests, userId: Types.ObjectId): Promise<Promised | null> {
  const { subscription: stored } = await readUser(userId)
  const live = await liveSubscription(context)
  const at = live && chargesAt(live)
  const next = stored?.nextPayment ?? null
  const price = stored?.price ?? null
  const owed = stored?.owed ?? null
  const prices = new Prices(context)
  same(
    'the price of each period',
    price && [price.amount, price.currency, price.credits],
    live && (await ofPeriod(prices, live)),
  )
  same('the amount due', owed && [owed.amount, owed.currency], live && (await owedFor(context, live)))
  same('the date of the next payment', next && next.at.getTime() / 1000, at)
  if (!live || !next) return null
  checkPage(context, stored!)
  return { subscription: live.id, amount: next.amount, currency: next.currency, credits: next.credits, at: at! }
}

/** The price and immediate credits of each period without temporary coupons; null if items have periods of their own. */
async function ofPeriod(prices: Prices, live: Stripe.Subscription): Promise<[number, string, number] | null> {
  const items = live.items.data
  const intervals = new Set(items.map(({ price: { recurring: r } }) => `${r!.interval_count} ${r!.interval}`))
  if (intervals.size > 1) return null
  let credits = ratio(0)
  const amounts: number[] = []
  for (const {
    price: { id },
    quantity,
  } of items) {
    const { price, plan } = await prices.of(id)
    amounts.push(unitIn(price, live.currency) * quantity!)
    if (!plan) continue
    const months = monthsOf(price.recurring!)
    const atOnce = plan.yearlyCredits === 'monthly' && !isAtLeast(ratio(1), months) ? ratio(1) : months
    credits = plus(credits, product(ratio(plan.credits * quantity!), atOnce))
  }
  const whole = amounts.reduce((sum, amount) => sum + amount, 0)
  const half = amounts.reduce((sum, amount) => sum + amount - Math.round(amount / 2), 0)
  const { stripe } = prices.context
  const { discounts } = await stripe.subscriptions.retrieve(live.id, { expand: ['discounts'] })
  const coupons = (discounts as Stripe.Discount[]).map(({ source }) => source.coupon as string)
  const amount = coupons.includes('always') ? half : coupons.includes('less') ? Math.max(0, whole - 500) : whole
  return [amount, live.currency, wholeOf(credits)]
}

/** The total that Stripe still collects for a plan whose payment is overdue. */
async function owedFor({ stripe }: StripeForTests, live: Stripe.Subscription): Promise<[number, string] | null> {
  if (live.status !== 'past_due' && live.status !== 'unpaid') return null
  const { data } = await stripe.invoices.list({ subscription: live.id, limit: 100 })
  const due = data.filter(({ status, auto_advance }) => status === 'open' || (status === 'draft' && auto_advance))
  const amount = due.reduce((sum, one) => sum + one.amount_remaining, 0)
  return amount > 0 ? [amount, live.currency] : null
}

/** Checks that the billing page states these amounts. */
function checkPage({ sandbox }: StripeForTests, stored: NonNullable<Parameters<typeof planStatusOf>[0]>): void {
  const now = new Date(sandbox.now() * 1000)
  const said = planStatusOf(stored, { now, timeZone: 'UTC', gracePeriodDays: 3, credits: 0, frozen: null })
  const { price, nextPayment: next } = stored
  if (price && !said.price?.startsWith(money(price))) throw new Error(`The page says ${said.price} for ${money(price)}`)
  const isPlain = stored.status === 'active' && !stored.collectionPaused && !stored.scheduledChange
  if (!next || !isPlain) return
  const all = [said.price, said.next?.note, said.amount].join(' ')
  if (!all.includes(money(next))) throw new Error(`The page says “${all}”, and ${money(next)} will be charged`)
}

const money = ({ amount, currency }: Sum): string =>
  new Intl.NumberFormat('en-US', { style: 'currency', currency }).format(currency === 'jpy' ? amount : amount / 100)

/**
 * Compares a promise with the actual invoice, once its time has passed.
 * @returns false if the plan ended before, or is paused without a card
 */
export async function checkPromise(context: StripeForTests, promised: Promised): Promise<boolean> {
  const { stripe } = context
  const { subscription, at } = promised
  const { data } = await stripe.invoices.list({ subscription, limit: 100 })
  const came = data.find(({ created, billing_reason: why }) => why === 'subscription_cycle' && created === at)
  const { status } = await stripe.subscriptions.retrieve(subscription)
  if (!came && ['canceled', 'unpaid', 'paused'].includes(status)) return false
  if (!came) throw new Error(`Nothing was charged at ${at}, the subscription is ${status}`)
  const { shares } = await trueCredits(new Prices(context), came)
  const credits = shares.reduce((sum, share) => sum + (share.effectiveAt === null ? share.credits : 0), 0)
  const { amount, currency, credits: promisedCredits } = promised
  same('the next payment', [amount, currency, promisedCredits], [Math.max(0, came.total), came.currency, credits])
  return true
}

function same(what: string, is: unknown, must: unknown): void {
  if (JSON.stringify(is) !== JSON.stringify(must))
    throw new Error(`${what}: the page says ${JSON.stringify(is)} instead of ${JSON.stringify(must)}`)
}
