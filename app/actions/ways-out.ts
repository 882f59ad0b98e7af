import type { Standing } from '../billing/plan-standing.ts'
import { type Feature, type Interval, type Limit, type Pack, type Plan, packs, plans } from '../billing/plans.ts'

/** One thing that a person who was refused can do, with what it costs. Money is in minor units. */
export type WayOut =
  | { type: 'pack'; pack: string; credits: number; amount: number; currency: string; enough: boolean; url: string }
  | {
      type: 'plan'
      plan: string
      interval: Interval
      credits: number
      amount: number
      currency: string
      enough: boolean
      url: string
    }
  | { type: 'wait'; credits: number; at: string; enough: boolean }
  | { type: 'update_payment_method'; url: string }
  /** The plan is paused: the page says what going on costs, and asks for a card where there is none. */
  | { type: 'resume_plan'; url: string }

interface Catalogue {
  plans: Plan[]
  packs: Pack[]
}

const catalogue: Catalogue = { plans, packs }

/**
 * Lists the ways to get the credits that are missing: packs from the cheapest that is enough, greater plans, and the
 * next grant. Where no pack is enough, the greatest is offered and says so.
 * @param missing credits that are lacking, at least 1
 * @param standing plan and next grant of the one who was refused
 * @param offers what is sold; the app's own catalogue by default
 * @returns nearest first
 */
export function waysToCredits(missing: number, standing: Standing, offers: Catalogue = catalogue): WayOut[] {
  return [
    ...packsFor(missing, offers.packs),
    ...plansAbove(standing.plan, offers.plans).map((plan) => planOption(plan, plan.credits >= missing)),
    ...waitFor(missing, standing),
  ]
}

/**
 * Lists the plans that have a feature.
 * @param feature the one that is lacking
 * @param offers what is sold
 * @returns cheapest first
 */
export function waysToFeature(feature: Feature, offers: Catalogue = catalogue): WayOut[] {
  return byPrice(offers.plans.filter((plan) => plan.prices && plan.features[feature])).map((plan) =>
    planOption(plan, true),
  )
}

/**
 * Lists a plan and those above it, in the order of the plan file.
 * @param name the smallest that will do
 * @param offers what is sold
 * @returns cheapest first
 */
export function waysToPlan(name: string, offers: Catalogue = catalogue): WayOut[] {
  const from = offers.plans.findIndex((plan) => plan.name === name)
  if (from < 0) return []
  return byPrice(offers.plans.slice(from).filter((plan) => plan.prices)).map((plan) => planOption(plan, true))
}

/**
 * Lists the plans with a greater limit, and when the count starts again.
 * @param limit the one that is used up
 * @param resetsAt when the count starts again
 * @param standing plan of the one who was refused
 * @param offers what is sold
 * @returns plans first, cheapest first
 */
export function waysPastLimit(
  limit: Limit,
  resetsAt: Date,
  standing: Standing,
  offers: Catalogue = catalogue,
): WayOut[] {
  const greater = offers.plans.filter((plan) => plan.prices && plan.limits[limit] > standing.plan.limits[limit])
  return [
    ...byPrice(greater).map((plan) => planOption(plan, true)),
    { type: 'wait', credits: 0, at: resetsAt.toISOString(), enough: true },
  ]
}

/**
 * Says what ends a pause of spending.
 * @param reason why the account is frozen
 * @returns nothing where only the shop can end it, as in a dispute
 */
export function waysOutOfFreeze(reason: string): WayOut[] {
  return reason === 'past_due' ? [{ type: 'update_payment_method', url: '/billing/update-card' }] : []
}

function packsFor(missing: number, offered: Pack[]): WayOut[] {
  const bySize = [...offered].sort((one, other) => one.credits - other.credits)
  const enough = bySize.filter((pack) => pack.credits >= missing)
  const greatest = bySize.at(-1)
  if (enough.length === 0) return greatest ? [packOption(greatest, false)] : []
  return enough.map((pack) => packOption(pack, true))
}

const packOption = ({ id, credits, price }: Pack, enough: boolean): WayOut => ({
  type: 'pack',
  pack: id,
  credits,
  amount: price.amount,
  currency: price.currency,
  enough,
  url: `/billing?pack=${encodeURIComponent(id)}`,
})

const planOption = (plan: Plan, enough: boolean): WayOut => ({
  type: 'plan',
  plan: plan.name,
  interval: 'month',
  credits: plan.credits,
  amount: plan.prices?.month.amount ?? 0,
  currency: plan.prices?.month.currency ?? 'usd',
  enough,
  url: `/pricing?plan=${encodeURIComponent(plan.name)}`,
})

const plansAbove = (current: Plan, offered: Plan[]): Plan[] =>
  byPrice(offered.filter((plan) => plan.prices && plan.credits > current.credits))

const byPrice = (offered: Plan[]): Plan[] =>
  [...offered].sort((one, other) => (one.prices?.month.amount ?? 0) - (other.prices?.month.amount ?? 0))

const waitFor = (missing: number, { nextGrant }: Standing): WayOut[] =>
  nextGrant
    ? [
        {
          type: 'wait',
          credits: nextGrant.credits,
          at: nextGrant.at.toISOString(),
          enough: nextGrant.credits >= missing,
        },
      ]
    : []
