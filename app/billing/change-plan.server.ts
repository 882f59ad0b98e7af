import { createHash, randomUUID } from 'node:crypto'
import type { User } from '#models/user.server.ts'
import { now } from '../clock.server.ts'
import { config } from '../config.server.ts'
import { cancelAtPeriodEnd, resume } from './cancel.server.ts'
import { comingChangeOf } from './coming-change.server.ts'
import { needsConfirmation } from './confirmation.server.ts'
import { creditsAtOnce, creditsForInvoice } from './credits-for-invoice.ts'
import { AlreadySubscribed, CardDeclined, NoSubscription, OfferUnavailable, PlanNotFound } from './errors.ts'
import { processPaidInvoice } from './paid-invoice.server.ts'
import { unhurried, whileSomebodyWaits } from './patience.server.ts'
import { soldLines } from './plan-lines.server.ts'
import { findPlan, type Interval, type Plan, type Price } from './plans.ts'
import { findPriceIn, priceIdOf } from './prices.server.ts'
import { listedInterval, monthsOf, type Rhythm } from './rhythm.ts'
import { findRunning, type RunningSubscription } from './running-subscription.server.ts'
import { releaseSchedule, restoreSchedule, scheduleChange } from './scheduled-change.server.ts'
import { callStripe, callUnderKey, findAtStripe, isRefused } from './stripe.server.ts'
import { readInvoice } from './stripe-shapes/invoice.ts'
import { readSubscription } from './stripe-shapes/subscription.ts'
import { endsByShop, isOverdue } from './subscription-state.ts'
import { syncSubscriptions } from './subscription.server.ts'

export interface PlanChoice {
  plan: string
  interval: Interval
}

export interface PlanChangePreview {
  from: { plan: string } & Rhythm
  to: PlanChoice
  /** `now`: more credits, charged at once for the rest of the period. `period-end`: what is paid for runs out first. */
  when: 'now' | 'period-end'
  /** When it happens. */
  at: Date
  /** Charged at once, in minor units; 0 for a change at the period's end. */
  amountDue: number
  /** Signed credits that it brings. */
  credits: number
  /** Of them, those that can be spent at once; what a year brings month by month comes later. */
  creditsAtOnce: number
  currency: string
  lines: { description: string; amount: number; credits: number }[]
  /** What coupons take off the lines; below zero where the old plan's unused time had more of it. */
  discount: number
  /** What each period costs afterwards by the price list, and the credits of one. */
  renewal: { amount: number; currency: string; credits: number; isDiscounted: boolean }
  /** A trial that goes on with the other plan: the first payment is due when it ends. */
  trialEndsAt?: Date
  /** To be sent back with the order, so that its sums are those that were shown. */
  prorationDate: Date | null
}

const DECLINED = 'Your card was declined. Nothing has changed. Use another card and try again.'

/** How old sums may be that an order refers to. */
const PREVIEW_FOR_MS = 60 * 60 * 1000
/** What Stripe's clock may be ahead of ours; a moment that is still to come would make the change cheaper. */
const AHEAD_MS = 2 * 60 * 1000

/**
 * What a change of plan would do, in money and in credits, without doing it.
 * @param options `prorationDate`: of an earlier preview, to see whether its sums still hold
 * @throws PlanNotFound, NoSubscription, AlreadySubscribed for the plan that runs, OfferUnavailable, StripeUnavailable
 */
export function previewPlanChange(
  user: Pick<User, '_id'>,
  choice: PlanChoice,
  { prorationDate = null }: { prorationDate?: Date | null } = {},
): Promise<PlanChangePreview> {
  return whileSomebodyWaits(() => unlessNotSold(() => preview(user, choice, prorationDate)))
}

async function preview(
  user: Pick<User, '_id'>,
  choice: PlanChoice,
  prorationDate: Date | null,
): Promise<PlanChangePreview> {
  const { running, target } = await prepare(user, choice)
  const nothing = { amountDue: 0, credits: 0, creditsAtOnce: 0, lines: [], discount: 0, prorationDate: null }
  const common = {
    from: { plan: running.item.plan.name, interval: running.item.interval, intervalCount: running.item.intervalCount },
    to: choice,
    currency: target.price.currency,
    renewal: {
      amount: target.price.amount * running.item.quantity,
      currency: target.price.currency,
      credits: target.plan.credits * (choice.interval === 'year' ? 12 : 1) * running.item.quantity,
      isDiscounted: running.subscription.discountIds.length > 0,
    },
  }
  if (!isNow(running, target)) {
    const at = running.currentPeriodEnd ?? now()
    return { ...common, when: 'period-end', at, ...nothing }
  }
  const free = { ...common, when: 'now' as const, at: now(), ...nothing }
  if (target.isSame) return free
  const { status, trialEnd } = running.subscription
  if (status === 'trialing' && trialEnd) return { ...free, trialEndsAt: trialEnd }
  const { subscription, item } = running
  const previewed = await callStripe((stripe) =>
    stripe.invoices.createPreview({
      customer: subscription.customerId ?? undefined,
      subscription: subscription.id,
      subscription_details: {
        items: [{ id: item.id, price: target.priceId, quantity: item.quantity }],
        proration_behavior: 'always_invoice',
        ...dateOf(prorationDate),
      },
    }),
  )
  const invoice = readInvoice(previewed)
  const { credits, byLine, shares } = creditsForInvoice(await soldLines(invoice.lines), config())
  const creditsOf = new Map(byLine.map(({ line, credits: ofLine }) => [line.id, ofLine]))
  const prorations = invoice.lines.filter(({ proration }) => proration).map(({ periodStart }) => periodStart.getTime())
  return {
    ...common,
    when: 'now',
    at: now(),
    amountDue: invoice.amountDue,
    credits,
    creditsAtOnce: creditsAtOnce(shares),
    currency: invoice.currency,
    lines: invoice.lines.map(({ id, description, amount }) => ({
      description: description ?? '',
      amount,
      credits: creditsOf.get(id) ?? 0,
    })),
    discount: invoice.discount,
    prorationDate: prorations.length > 0 ? new Date(Math.min(...prorations)) : null,
  }
}

export type PlanChangeResult =
  { state: 'changed' } | { state: 'scheduled'; at: Date } | { state: 'payment-needed'; url: string | null }

/**
 * Changes a plan: up now, with the rest of the period charged and credited; down when the period ends. An upgrade whose
 * payment fails changes nothing until it is paid.
 * @param options `nonce`: of the form; `prorationDate`: from the preview, so that its sums hold
 * @throws PlanNotFound, NoSubscription, AlreadySubscribed, OfferUnavailable, CardDeclined, StripeUnavailable
 */
export function changePlan(
  user: Pick<User, '_id'>,
  choice: PlanChoice,
  { nonce = randomUUID(), prorationDate = null }: { nonce?: string; prorationDate?: Date | null } = {},
): Promise<PlanChangeResult> {
  return whileSomebodyWaits(() => unlessNotSold(() => change(user, choice, { nonce, prorationDate })))
}

/** Stripe refuses a price that it does not have in the subscription's currency, or that was archived a moment ago. */
async function unlessNotSold<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw isRefused(error) ? new OfferUnavailable(error) : error
  }
}

async function change(
  user: Pick<User, '_id'>,
  choice: PlanChoice,
  { nonce, prorationDate }: { nonce: string; prorationDate: Date | null },
): Promise<PlanChangeResult> {
  const { running, target } = await prepare(user, choice)
  if (target.isSame) {
    await releaseSchedule(running.subscription)
    await syncSubscriptions(user._id)
    return { state: 'changed' }
  }
  const key = createHash('sha256').update(`${nonce} ${target.priceId}`).digest('hex')
  if (!isNow(running, target)) {
    await takeBackCancellation(running)
    try {
      await scheduleChange(running, { priceId: target.priceId, interval: choice.interval }, key)
    } catch (error) {
      // Whoever had canceled is not to pay on at the old price because of it.
      if (running.cancelAtPeriodEnd) await unhurried(() => cancelAtPeriodEnd(user)).catch(() => undefined)
      throw error
    }
    await syncSubscriptions(user._id)
    return { state: 'scheduled', at: running.currentPeriodEnd ?? now() }
  }
  const waited = await comingChangeOf(running.subscription)
  await releaseSchedule(running.subscription)
  const updated = readSubscription(await upgrade(running, target.priceId, { key, prorationDate }))
  const isChanged = updated.items.some(({ id, priceId }) => id === running.item.id && priceId === target.priceId)
  if (isChanged && !isEndedByShop(running)) await takeBackCancellation(running)
  const invoice = updated.latestInvoiceId
    ? await findAtStripe((stripe) => stripe.invoices.retrieve(updated.latestInvoiceId!))
    : null
  // The webhook would bring them too; this way they are there when the next page opens.
  if (invoice?.status === 'paid') await processPaidInvoice(invoice.id)
  else await syncSubscriptions(user._id)
  if (isChanged) return { state: 'changed' }
  if (invoice && !(await needsConfirmation(invoice.id))) {
    if (waited) await restoreSchedule(running, waited, invoice.id)
    await syncSubscriptions(user._id)
    throw new CardDeclined(DECLINED)
  }
  return { state: 'payment-needed', url: invoice?.hosted_invoice_url ?? null }
}

interface Target {
  plan: Plan
  interval: Interval
  price: Price
  priceId: string
  /** The plan that runs: to choose it again drops a change that waits. */
  isSame: boolean
}

async function prepare(user: Pick<User, '_id'>, { plan: name, interval }: PlanChoice) {
  const plan = findPlan(name)
  const price = plan?.prices?.[interval]
  if (!plan || !price) throw new PlanNotFound()
  const running = await findRunning(user)
  if (isOverdue(running.subscription.status)) {
    throw new NoSubscription('A payment is still open. Settle it first, then change the plan.')
  }
  if (running.subscription.status === 'paused') {
    throw new NoSubscription('The plan is paused. Go on with it first, then change it.')
  }
  const isSame = running.item.plan.name === plan.name && listedInterval(running.item) === interval
  if (isSame && !running.subscription.scheduleId) throw new AlreadySubscribed(plan.name)
  const priceId = isSame ? running.item.priceId : await priceIdOf({ kind: 'plan', plan, interval, price })
  const currency = running.subscription.terms?.currency
  // Stripe moves no subscription to another currency; it would say so only when the change comes.
  if (currency && !isSame && (await findPriceIn(priceId, currency))?.amountIn(currency) === null) {
    throw new OfferUnavailable()
  }
  const target: Target = { plan, interval, price, priceId, isSame }
  return { running, target }
}

/** Up is now, down waits: a longer period that is paid for is never cut short. */
function isNow(running: RunningSubscription, target: Target): boolean {
  if (monthsOf(running.item) > (target.interval === 'year' ? 12 : 1)) return false
  return target.plan.credits >= running.item.plan.credits
}

/** The moment that the sums were worked out for, unless that is long ago. */
function dateOf(prorationDate: Date | null): { proration_date?: number } {
  const age = prorationDate ? now().getTime() - prorationDate.getTime() : null
  const isFresh = prorationDate !== null && age !== null && age > -AHEAD_MS && age < PREVIEW_FOR_MS
  return isFresh ? { proration_date: Math.floor(prorationDate.getTime() / 1000) } : {}
}

function upgrade(
  { subscription, item }: RunningSubscription,
  priceId: string,
  { key, prorationDate }: { key: string; prorationDate: Date | null },
): Promise<unknown> {
  const date = dateOf(prorationDate)
  // Of all that is sent: the same form with another moment is another request.
  const request = `${key}:${item.quantity}:${date.proration_date ?? 'now'}`
  // Should the first try have taken effect after all, the second changes nothing and charges nothing.
  return callUnderKey(`change:${subscription.id}:${request}`, (stripe, options) =>
    stripe.subscriptions.update(
      subscription.id,
      {
        items: [{ id: item.id, price: priceId, quantity: item.quantity }],
        proration_behavior: 'always_invoice',
        payment_behavior: 'pending_if_incomplete',
        ...date,
      },
      options,
    ),
  )
}

/** Whoever chooses a plan wants it to go on. */
async function takeBackCancellation(running: RunningSubscription): Promise<void> {
  if (running.cancelAtPeriodEnd) await resume(running)
}

/** It ends in this period on a day that the shop has set; a larger plan ends then too. */
const isEndedByShop = (running: RunningSubscription): boolean =>
  running.cancelAtPeriodEnd && !running.subscription.hasCancelFlag && endsByShop(running)
