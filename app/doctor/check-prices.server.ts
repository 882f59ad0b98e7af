import { ensurePrices } from '../billing/catalog/ensure-prices.server.ts'
import { listOffers, lookupKeyOf, type Offer, variableOf } from '../billing/catalog/offers.ts'
import { fixedPriceId } from '../billing/catalog/prices.server.ts'
import { callStripe, findAtStripe } from '../billing/stripe/client.server.ts'
import { config } from '../config.server.ts'
import { formatMoney } from '../format.ts'
import { error, type Finding, ok } from './finding.ts'

/** Whether Stripe has the prices of the plan file. */
export async function checkPrices(): Promise<Finding[]> {
  const findings: Finding[] = []
  const offers = listOffers()
  for (const offer of offers) findings.push(...(await checkPrice(offer)))
  return findings.length > 0 ? findings : [ok(`All ${offers.length} prices at Stripe are those of the plan file.`)]
}

async function checkPrice(offer: Offer): Promise<Finding[]> {
  const fixed = fixedPriceId(offer)
  const price = fixed ? await priceById(fixed) : await priceByKey(lookupKeyOf(offer))
  if (!price) return [fixed ? unknownId(offer, fixed) : missing(offer)]
  const differences = [
    ...differencesOf(offer, price),
    ...((await isProductSold(price)) ? [] : ['its product is archived']),
  ]
  if (differences.length === 0) return []
  return [
    error(`${nameOf(offer)} (${price.id}): ${differences.join('; ')}.`, {
      why: 'Customers cannot buy it until the plan file and Stripe agree.',
      mend: fixed
        ? `Change the plan file, or set ${variableOf(offer)} to the right price.`
        : 'Change the plan file, or run "npm run stripe:setup", which creates the right price and archives this one.',
    }),
  ]
}

const priceById = (id: string) => findAtStripe((stripe) => stripe.prices.retrieve(id))

async function priceByKey(key: string) {
  const { data } = await callStripe((stripe) => stripe.prices.list({ lookup_keys: [key], limit: 1 }))
  return data[0] ?? null
}

type StripePrice = NonNullable<Awaited<ReturnType<typeof priceByKey>>>

/** How a price differs from the plan file, in a few words each. */
function differencesOf(offer: Offer, price: StripePrice): string[] {
  const { amount, currency } = offer.price
  const asked = askedBy(price)
  const wanted = `${formatMoney(amount, currency)}${offer.kind === 'plan' ? ` per ${offer.interval}` : ''}`
  const { automaticTax } = config().stripe
  const behavior = price.tax_behavior ?? 'unspecified'
  return [
    ...(asked === wanted ? [] : [`the plan file says ${wanted}, Stripe asks ${asked}`]),
    ...(price.active ? [] : ['the price is archived']),
    ...(automaticTax && behavior !== automaticTax
      ? [`its tax behavior is ${behavior}, STRIPE_AUTOMATIC_TAX is ${automaticTax}`]
      : []),
  ]
}

async function isProductSold({ product }: StripePrice): Promise<boolean> {
  const id = typeof product === 'string' ? product : product.id
  const found = await findAtStripe((stripe) => stripe.products.retrieve(id))
  return found?.active === true
}

function askedBy({ unit_amount: amount, currency, recurring }: StripePrice): string {
  const sum = amount === null ? 'no single amount' : formatMoney(amount, currency)
  if (!recurring) return sum
  const { interval, interval_count: count } = recurring
  return `${sum} per ${count === 1 ? interval : `${count} ${interval}s`}`
}

function missing(offer: Offer): Finding {
  return error(`${nameOf(offer)} has no price at Stripe with the lookup key ${lookupKeyOf(offer)}.`, {
    why: 'Customers cannot buy it.',
    mend: 'Run "npm run stripe:setup".',
    fix: async () => {
      const [created] = await ensurePrices([offer])
      return `Created the price of ${nameOf(offer)}: ${created?.priceId}.`
    },
  })
}

function unknownId(offer: Offer, id: string): Finding {
  return error(`${variableOf(offer)} names ${id}, which Stripe does not know under this key.`, {
    why: 'Customers cannot buy it. Test mode, live mode and other accounts each have their own prices.',
    mend: `Set ${variableOf(offer)} to a price of this account and mode, or remove it and run "npm run stripe:setup".`,
  })
}

const nameOf = (offer: Offer): string =>
  offer.kind === 'plan' ? `${offer.plan.name}, ${offer.interval}ly` : `The pack of ${offer.pack.credits} credits`
