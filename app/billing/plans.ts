import { z } from 'zod'

/**
 * What Scrip sells. Edit this file, then run `npm run stripe:setup`. Money is in minor units (1000 is $10.00); credits
 * are whole numbers.
 */

const price = z.strictObject({
  /** Minor units of `currency`. */
  amount: z.int().nonnegative(),
  currency: z.string().regex(/^[a-z]{3}$/),
  /** The Stripe lookup key; never change it for a price that has been sold. */
  lookupKey: z.string().regex(/^[a-z0-9_]+$/),
})

const limit = z.union([z.int().nonnegative(), z.literal(Infinity)])

const plan = z.strictObject({
  name: z.string().min(1),
  /** One line under the name. */
  summary: z.string(),
  /** Credits a month. A yearly invoice buys twelve times as many. */
  credits: z.int().nonnegative(),
  prices: z.strictObject({ month: price, year: price }).nullable(),
  /** A year's credits all at payment (`upfront`), or one month's share each month (`monthly`). */
  yearlyCredits: z.enum(['upfront', 'monthly']),
  /**
   * What happens to unused credits of the plan: all roll over, they expire some days after their period, or at most
   * `cap` roll over when a later period (or monthly share) starts. Stored with each grant: a plan change or a new
   * policy here does not affect earlier grants.
   */
  unusedCredits: z.union([z.enum(['accumulate', 'expire']), z.strictObject({ cap: z.int().nonnegative() })]),
  /**
   * A free trial, or null. An account gets one, with its first subscription. Trial credits are granted once per account
   * and once per real card, by Stripe's fingerprint: see docs/decisions/0019. Someone with several cards and addresses
   * is not recognized.
   */
  trial: z.strictObject({ days: z.int().positive(), credits: z.int().nonnegative() }).nullable(),
  features: z.strictObject({ svgExport: z.boolean(), apiAccess: z.boolean(), prioritySupport: z.boolean() }),
  /** Uses a month. */
  limits: z.strictObject({ qrCodes: limit }),
})

const pack = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]+$/),
  credits: z.int().positive(),
  price,
})

const catalogue = z
  .strictObject({
    /** Credits that each new account gets once. */
    welcomeCredits: z.int().nonnegative(),
    plans: z.array(plan).min(1),
    /** The plan recommended on the pricing page, by name; null for none. */
    recommended: z.string().nullable(),
    packs: z.array(pack),
  })
  .refine(({ plans, recommended }) => recommended === null || plans.some(({ name }) => name === recommended), {
    error: 'recommended must be the name of a plan',
  })

export type Price = z.infer<typeof price>
export type Plan = z.infer<typeof plan>
export type Pack = z.infer<typeof pack>
export type Interval = 'month' | 'year'
export type Feature = keyof Plan['features']
export type Limit = keyof Plan['limits']

const dollars = (amount: number, lookupKey: string): Price => ({ amount: amount * 100, currency: 'usd', lookupKey })

const { welcomeCredits, plans, recommended, packs } = catalogue.parse({
  welcomeCredits: 25,
  plans: [
    {
      name: 'Free',
      summary: 'To try it out.',
      credits: 0,
      prices: null,
      yearlyCredits: 'upfront',
      unusedCredits: 'accumulate',
      trial: null,
      features: { svgExport: false, apiAccess: true, prioritySupport: false },
      limits: { qrCodes: 20 },
    },
    {
      name: 'Beginner',
      summary: 'For a project of your own.',
      credits: 1000,
      prices: { month: dollars(10, 'scrip_beginner_month'), year: dollars(100, 'scrip_beginner_year') },
      yearlyCredits: 'upfront',
      unusedCredits: 'accumulate',
      trial: null,
      features: { svgExport: true, apiAccess: true, prioritySupport: false },
      limits: { qrCodes: 1000 },
    },
    {
      name: 'Daily',
      summary: 'For work that runs every day.',
      credits: 2000,
      prices: { month: dollars(18, 'scrip_daily_month'), year: dollars(180, 'scrip_daily_year') },
      yearlyCredits: 'upfront',
      unusedCredits: 'accumulate',
      trial: null,
      features: { svgExport: true, apiAccess: true, prioritySupport: false },
      limits: { qrCodes: 5000 },
    },
    {
      name: 'Creator',
      summary: 'For a team that publishes a lot.',
      credits: 5000,
      prices: { month: dollars(40, 'scrip_creator_month'), year: dollars(400, 'scrip_creator_year') },
      yearlyCredits: 'upfront',
      unusedCredits: 'accumulate',
      trial: null,
      features: { svgExport: true, apiAccess: true, prioritySupport: true },
      limits: { qrCodes: Infinity },
    },
  ],
  recommended: 'Daily',
  packs: [
    { id: '500', credits: 500, price: dollars(6, 'scrip_pack_500') },
    { id: '2000', credits: 2000, price: dollars(22, 'scrip_pack_2000') },
    { id: '10000', credits: 10000, price: dollars(100, 'scrip_pack_10000') },
  ],
})

export { welcomeCredits, plans, recommended, packs }

/** The plan of users without a subscription. */
export const FREE_PLAN = 'Free'

/** Finds a plan by a name from outside. */
export const findPlan = (name: string): Plan | null => plans.find((plan) => plan.name === name) ?? null

/** Finds a credit pack by an ID from outside. */
export const findPack = (id: string): Pack | null => packs.find((pack) => pack.id === id) ?? null

/** How many unused credits of a plan roll over when a period starts; null for all unexpired ones. */
export const rolloverLimit = ({ unusedCredits }: Pick<Plan, 'unusedCredits'>): number | null =>
  typeof unusedCredits === 'object' ? unusedCredits.cap : null
