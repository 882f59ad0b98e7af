import type { User } from '#models/user.server.ts'
import { now } from '../../clock.server.ts'
import { config } from '../../config.server.ts'
import { type BesidePlan, besidePlan } from './other-items.ts'
import { type ChargesAfter, chargesAfter } from './charges-after.server.ts'
import { dateOf, endsWithPeriod, isNow, type PlanChoice, targetOf, unlessNotSold } from './change-target.server.ts'
import { creditsAtOnce, creditsForInvoice } from '../line-items/credits-for-invoice.ts'
import { withDeadline } from '../stripe/deadline.server.ts'
import { soldLines } from '../line-items/sold-lines.server.ts'
import type { Rhythm } from '../billing-interval.ts'
import { callStripe } from '../stripe/client.server.ts'
import { readInvoice } from '../stripe/objects/invoice.ts'

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
  /** What is charged from then on, and what that brings. */
  after: ChargesAfter
  /** What else the subscription has, which stays. */
  beside: BesidePlan[]
  /** The day on which all of it ends, set by the shop. */
  endsAt: Date | null
  /** The trial continues on the new plan; the first payment is due when it ends. */
  trialEndsAt?: Date
  /** To be sent back with the order, so that its sums are those that were shown. */
  prorationDate: Date | null
}

/**
 * What a change of plan would do, in money and in credits, without doing it.
 * @param options `prorationDate`: of an earlier preview, to see whether its sums still hold
 * @throws what `targetOf` does
 */
export function previewPlanChange(
  user: Pick<User, '_id'>,
  choice: PlanChoice,
  { prorationDate = null }: { prorationDate?: Date | null } = {},
): Promise<PlanChangePreview> {
  return withDeadline(() => unlessNotSold(() => preview(user, choice, prorationDate)))
}

async function preview(
  user: Pick<User, '_id'>,
  choice: PlanChoice,
  prorationDate: Date | null,
): Promise<PlanChangePreview> {
  const { running, target } = await targetOf(user, choice)
  const { subscription, item, currentPeriodEnd } = running
  const nothing = { amountDue: 0, credits: 0, creditsAtOnce: 0, lines: [], discount: 0, prorationDate: null }
  const common = {
    from: { plan: item.plan.name, interval: item.interval, intervalCount: item.intervalCount },
    to: choice,
    currency: subscription.terms?.currency ?? 'usd',
    beside: besidePlan(running),
    endsAt: endsWithPeriod(running) ? running.cancelAt : null,
  }
  if (!isNow(running, target)) {
    const after = await chargesAfter(running, target, { at: currentPeriodEnd, isChargedNow: false })
    return { ...common, when: 'period-end', at: currentPeriodEnd ?? now(), after, ...nothing }
  }
  const free = { ...common, when: 'now' as const, at: now(), ...nothing }
  const isTrial = subscription.status === 'trialing' && subscription.trialEnd !== null
  if (target.isSame || isTrial) {
    const at = isTrial ? subscription.trialEnd : currentPeriodEnd
    const after = await chargesAfter(running, target, { at, isChargedNow: false })
    return { ...free, after, ...(isTrial && !target.isSame && { trialEndsAt: subscription.trialEnd! }) }
  }
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
  // Another interval begins today, so its end is another day too.
  const end = invoice.lines.find(({ priceId, amount }) => priceId === target.priceId && amount >= 0)?.periodEnd
  const prorations = invoice.lines.filter(({ proration }) => proration).map(({ periodStart }) => periodStart.getTime())
  return {
    ...common,
    when: 'now',
    at: now(),
    after: await chargesAfter(running, target, { at: end ?? currentPeriodEnd, isChargedNow: true }),
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
