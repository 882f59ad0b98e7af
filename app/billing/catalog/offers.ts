import { brand } from '../../brand.mjs'
import type { BillingInterval } from '../billing-interval.ts'
import { findPack, findPlan, type Interval, type Pack, packs, type Plan, plans, type Price } from '../plans.ts'
import { appTag, DEFAULT_TAG, isOurs } from '../stripe/client.server.ts'

/** Something for sale, as the plan file describes it. */
export type Offer =
  { kind: 'plan'; plan: Plan; interval: Interval; price: Price } | { kind: 'pack'; pack: Pack; price: Price }

/** Everything for sale. */
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

/** An ID or key that no other installation on the same Stripe account uses. The default installation has no prefix. */
const tagged = (name: string): string => (appTag() === DEFAULT_TAG ? name : `${appTag()}_${name}`)

/** The lookup key of an offer's price. */
export const lookupKeyOf = ({ price }: Offer): string => tagged(price.lookupKey)

/** The metadata of all our products and prices, so that archived ones are recognized too. */
export function tagOf(offer: Offer): Record<string, string> {
  return offer.kind === 'plan'
    ? { app: appTag(), plan: offer.plan.name, interval: offer.interval }
    : { app: appTag(), pack: offer.pack.id }
}

/** The product of an offer's price; monthly and yearly prices share one. */
export function productOf(
  offer: Offer,
): Record<'id' | 'name' | 'description', string> & { metadata: Record<string, string> } {
  if (offer.kind === 'pack') {
    const { id, credits } = offer.pack
    return {
      id: tagged(`scrip_pack_${id}`),
      name: `${credits.toLocaleString('en')} credits`,
      description: 'Bought once, never expires.',
      metadata: { app: appTag(), pack: id },
    }
  }
  const { name, summary, credits } = offer.plan
  return {
    id: tagged(`scrip_plan_${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_')}`),
    name: `${brand.name} ${name}`,
    description: `${credits.toLocaleString('en')} credits a month. ${summary}`,
    metadata: { app: appTag(), plan: name },
  }
}

/** What a Stripe price sells, with its actual billing interval. */
export type SoldOffer = ({ kind: 'plan'; plan: Plan } & BillingInterval) | { kind: 'pack'; pack: Pack }

/** What a Stripe price says about itself. */
export interface PriceMarks {
  lookupKey: string | null
  metadata: Record<string, string>
  /** Null for a one-time price. */
  billingInterval: BillingInterval | null
}

/** What an offer of the plan file sells, at its listed price. */
export const soldBy = (offer: Offer): SoldOffer =>
  offer.kind === 'pack'
    ? { kind: 'pack', pack: offer.pack }
    : { kind: 'plan', plan: offer.plan, interval: offer.interval, intervalCount: 1 }

/**
 * Recognizes a price by its lookup key, or by the tag on it or its product.
 * @returns null when it sells nothing that the plan file has
 */
export function offerOf({ lookupKey, metadata, billingInterval }: PriceMarks): SoldOffer | null {
  const byKey = listOffers().find((offer) => lookupKeyOf(offer) === lookupKey)
  const tag = isOurs(metadata) ? metadata : {}
  const pack = byKey?.kind === 'pack' ? byKey.pack : findPack(tag.pack ?? '')
  if (pack) return { kind: 'pack', pack }
  const plan = byKey?.kind === 'plan' ? byKey.plan : findPlan(tag.plan ?? '')
  // A plan price without a billing interval would have no period.
  return plan?.prices && billingInterval ? { kind: 'plan', plan, ...billingInterval } : null
}
