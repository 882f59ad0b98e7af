import { brand } from '../../brand.mjs'
import { findPack, findPlan, type Interval, type Pack, packs, type Plan, plans, type Price } from '../plans.ts'
import type { Rhythm } from '../billing-interval.ts'
import { appTag, DEFAULT_TAG, isOurs } from '../stripe/client.server.ts'

/** Something with a price, as it stands in the plan file. */
export type Offer =
  { kind: 'plan'; plan: Plan; interval: Interval; price: Price } | { kind: 'pack'; pack: Pack; price: Price }

/** Everything that can be bought. */
export function listOffers(): Offer[] {
  const intervals: Interval[] = ['month', 'year']
  return [
    ...plans.flatMap((plan) => {
      const { prices } = plan
      return prices
        ? intervals.map((interval) => ({ kind: 'plan' as const, plan, interval, price: prices[interval] }))
        : []
    }),
    ...packs.map((pack) => ({ kind: 'pack' as const, pack, price: pack.price })),
  ]
}

/** The variable that names an offer's price at Stripe: `STRIPE_PRICE_BEGINNER_MONTH`, `STRIPE_PRICE_PACK_500`. */
export function variableOf(offer: Offer): string {
  const name = offer.kind === 'plan' ? `${offer.plan.name}_${offer.interval}` : `PACK_${offer.pack.id}`
  return `STRIPE_PRICE_${name.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_')}`
}

/** An id or a key that no other installation on the same Stripe account has. The default one has no prefix. */
const tagged = (name: string): string => (appTag() === DEFAULT_TAG ? name : `${appTag()}_${name}`)

/** How an offer's price is found at Stripe. */
export const lookupKeyOf = ({ price }: Offer): string => tagged(price.lookupKey)

/** What every product and price of ours carries at Stripe, so that also an archived one is known again. */
export function tagOf(offer: Offer): Record<string, string> {
  return offer.kind === 'plan'
    ? { app: appTag(), plan: offer.plan.name, interval: offer.interval }
    : { app: appTag(), pack: offer.pack.id }
}

/** The product that an offer's price belongs to; monthly and yearly share one. */
export function productOf(offer: Offer): {
  id: string
  name: string
  description: string
  tag: Record<string, string>
} {
  if (offer.kind === 'pack') {
    const { id, credits } = offer.pack
    const name = `${credits.toLocaleString('en')} credits`
    return {
      id: tagged(`scrip_pack_${id}`),
      name,
      description: 'Bought once, never expires.',
      tag: { app: appTag(), pack: id },
    }
  }
  const { name, summary, credits } = offer.plan
  return {
    id: tagged(`scrip_plan_${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_')}`),
    name: `${brand.name} ${name}`,
    description: `${credits.toLocaleString('en')} credits a month. ${summary}`,
    tag: { app: appTag(), plan: name },
  }
}

/** What a price at Stripe sells, with the rhythm that it really has. */
export type SoldOffer = ({ kind: 'plan'; plan: Plan } & Rhythm) | { kind: 'pack'; pack: Pack }

/** What a price at Stripe says about itself. */
export interface PriceMarks {
  lookupKey: string | null
  metadata: Record<string, string>
  /** Null for a price that is charged once. */
  rhythm: Rhythm | null
}

/** What an offer of the plan file sells, at the price that the plan file has. */
export const soldBy = (offer: Offer): SoldOffer =>
  offer.kind === 'pack'
    ? { kind: 'pack', pack: offer.pack }
    : { kind: 'plan', plan: offer.plan, interval: offer.interval, intervalCount: 1 }

/**
 * Recognises a price by its lookup key, or by the tag that it or its product carries.
 * @returns null when it sells nothing that the plan file has
 */
export function offerOf({ lookupKey, metadata, rhythm }: PriceMarks): SoldOffer | null {
  const byKey = listOffers().find((offer) => lookupKeyOf(offer) === lookupKey)
  const tag = isTagged(metadata) ? metadata : {}
  const pack = byKey?.kind === 'pack' ? byKey.pack : findPack(tag.pack ?? '')
  if (pack) return { kind: 'pack', pack }
  const plan = byKey?.kind === 'plan' ? byKey.plan : findPlan(tag.plan ?? '')
  // A plan without a rhythm would be sold for no time that anybody could name.
  return plan?.prices && rhythm ? { kind: 'plan', plan, ...rhythm } : null
}

/** It says that it is ours, whether or not the plan file has it. */
export const isTagged = (metadata: Record<string, string>): boolean => isOurs(metadata)
