import type { User } from '#models/user.server.ts'
import { now } from '../../clock.server.ts'
import { config } from '../../config.server.ts'
import type { BillingInterval } from '../billing-interval.ts'
import { creditsAtOnce, creditsForInvoice } from '../line-items/credits-for-invoice.ts'
import { soldLines } from '../line-items/sold-lines.server.ts'
import { callStripe } from '../stripe/client.server.ts'
import { withDeadline } from '../stripe/deadline.server.ts'
import { readInvoice } from '../stripe/objects/invoice.ts'
import { dateOf, endsWithPeriod, isNow, type PlanChoice, targetOf, unlessNotSold } from './change-target.server.ts'
import { type ChargesAfter, chargesAfter } from './charges-after.server.ts'
import { type BesidePlan, besidePlan } from './other-items.ts'

export interface PlanChangePreview {
  from: { plan: string } & BillingInterval
  to: PlanChoice
  /** `now`: more credits, charged at once for the rest of the period. `period-end`: the paid period ends first. */
  when: 'now' | 'period-end'
  /** When the change takes effect. */
  at: Date
  /** Charged at once, in minor units; 0 for a change at the period's end. */
  amountDue: number
  /** Signed credits of the change. */
  credits: number
  /** The part of them that can be spent at once; monthly shares of a year come later. */
  creditsAtOnce: number
  currency: string
  lines: { description: string; amount: number; credits: number }[]
  /** What coupons take off the lines; negative if the old plan's unused time was discounted more. */
  discount: number
  /** Charges and credits of later periods. */
  after: ChargesAfter
  /** The subscription's other items, which stay. */
  beside: BesidePlan[]
  /** The end date set by the operator. */
  endsAt: Date | null
  /** The trial continues on the new plan; the first payment is due when it ends. */
  trialEndsAt?: Date
  /** Sent back with the order, so that it charges the amounts shown. */
  prorationDate: Date | null
}

/**
 * What a plan change would charge and grant, without doing it.
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
  // A new interval starts today, so its period ends on another day.
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
