import { describe, expect, it } from 'vitest'
import { changePlan } from '#app/billing/plan-changes/change-plan.server.ts'
import { previewPlanChange } from '#app/billing/plan-changes/change-preview.server.ts'
import { auditGrants } from '#app/billing/purchases/audit-grants.server.ts'
import { toChangeView } from '#app/routes/_app.billing.change/change-view.ts'
import { useDatabase } from '#test/setup/database.ts'
import { advance, useSandboxClock } from '../clock.ts'
import { chargesOf, subscriptionIdOf } from '../customers.ts'
import { about, changeAsShown, discountedSubscriber, newestInvoice, shareLeft } from './discounted.ts'
import { creditsOf, Deliveries, historyOf, readUser } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

const context = useStripe()
useDatabase()
useSandboxClock(context)
const deliveries = new Deliveries(context)

const half = { percent: 50, duration: 'forever' } as const
const once = { percent: 50, duration: 'once' } as const
const all = { percent: 100, duration: 'forever' } as const
const creator = { plan: 'Creator', interval: 'month' } as const
const DAY_MS = 24 * 60 * 60 * 1000

/** A user ten days into a month of Beginner ($10, 1,000 credits), bought with a coupon. */
async function tenDaysIn(coupon: Parameters<typeof discountedSubscriber>[1]['coupon'], plan = 'Beginner') {
  const user = await discountedSubscriber(deliveries, { plan, coupon })
  advance(context, 10)
  return user
}

const balanceOf = async (id: string) =>
  ((await context.stripe.customers.retrieve(id)) as unknown as { balance: number }).balance

describe('a discount lowers the price and not the credits', () => {
  it('a coupon at checkout grants the plan’s credits for half of its price, and prorations state both', async () => {
    const user = await discountedSubscriber(deliveries, { coupon: half })
    expect(await creditsOf(user)).toBe(1000)
    expect(await historyOf(user)).toMatchObject([{ amount: 500, creditsAdded: 1000 }])
    expect((await context.stripe.subscriptions.retrieve(subscriptionIdOf(user))).billing_mode).toEqual({
      type: 'flexible',
      flexible: { proration_discounts: 'itemized' },
    })
  })

  it('an upgrade under a lasting 50% coupon grants all credits of the difference for half of its price', async () => {
    const user = await tenDaysIn(half)
    const { money, credits, left } = await changeAsShown(deliveries, user, creator)
    expect(money).toEqual(about((3000 * left) / 2))
    expect(credits).toEqual(about(4000 * left))
    expect(left).toBeLessThan(0.7)
  })

  it('a change to yearly under a 50% coupon grants twelve months’ credits for half the price, less the rest of the month', async () => {
    const user = await tenDaysIn(half)
    const { money, credits, left } = await changeAsShown(deliveries, user, { plan: 'Creator', interval: 'year' })
    expect(money).toEqual(about((40_000 - 1000 * left) / 2))
    expect(credits).toEqual(about(60_000 - 1000 * left))
  })

  it('a change after a coupon for one invoice returns the money that was paid and the credits that were granted', async () => {
    const user = await tenDaysIn(once)
    const { money, credits, left } = await changeAsShown(deliveries, user, creator)
    expect(money).toEqual(about((4000 - 500) * left))
    expect(credits).toEqual(about((5000 - 1000) * left))
  })

  it('an upgrade under a 100% coupon costs nothing and grants all credits of the difference', async () => {
    const user = await tenDaysIn(all)
    const { money, credits, left } = await changeAsShown(deliveries, user, creator)
    expect(money).toBe(0)
    expect(credits).toEqual(about(4000 * left))
    expect(await balanceOf(user.stripeCustomerId!)).toBe(0)
    expect(await auditGrants()).toMatchObject({ violations: [] })
  })

  it('each of two upgrades in one month takes back what the one before had granted', async () => {
    const user = await tenDaysIn(half)
    await changeAsShown(deliveries, user, { plan: 'Daily', interval: 'month' })
    advance(context, 5)
    const { money, credits, left } = await changeAsShown(deliveries, user, creator)
    expect(money).toEqual(about((2200 * left) / 2))
    expect(credits).toEqual(about(3000 * left))
  })

  it('a downgrade under a 50% coupon changes nothing until the period ends, then grants the smaller plan’s credits for half its price', async () => {
    const user = await tenDaysIn(half, 'Creator')
    expect(await changePlan(user, { plan: 'Beginner', interval: 'month' })).toMatchObject({ state: 'scheduled' })
    expect(await creditsOf(user)).toBe(5000)
    advance(context, 22)
    await deliveries.deliver()
    expect((await historyOf(user)).map(({ amount, creditsAdded }) => [amount, creditsAdded])).toEqual([
      [2000, 5000],
      [500, 1000],
    ])
  })

  it('a quantity raised to two under a 50% coupon grants twice the credits for half the price', async () => {
    const user = await tenDaysIn(half)
    const left = shareLeft(user, context.sandbox.now())
    const id = subscriptionIdOf(user)
    const { items } = await context.stripe.subscriptions.retrieve(id)
    await context.stripe.subscriptions.update(id, {
      items: [{ id: items.data[0]!.id, quantity: 2 }],
      proration_behavior: 'always_invoice',
    })
    await deliveries.deliver()
    const [, second] = await historyOf(user)
    expect(second).toMatchObject({ amount: about(500 * left), creditsAdded: about(1000 * left) })
    // An upgrade from a quantity of two doubles all amounts.
    const each = { amount: 4000, currency: 'usd', credits: 10_000 }
    expect((await previewPlanChange(user, creator)).after).toMatchObject({ next: each, price: each })
    const { money, credits } = await changeAsShown(deliveries, user, creator)
    expect(money).toEqual(about(3000 * left))
    expect(credits).toEqual(about(8000 * left))
  })

  it.each([half, once, all])(
    'canceling at once after a coupon of $percent % $duration returns the money and credits of the unused time',
    async (coupon) => {
      const user = await tenDaysIn(coupon)
      const left = shareLeft(user, context.sandbox.now())
      await context.stripe.subscriptions.cancel(subscriptionIdOf(user), { prorate: true, invoice_now: true })
      await deliveries.deliver()
      const paid = 1000 * (1 - coupon.percent / 100)
      expect(await creditsOf(user)).toEqual(about(1000 - 1000 * left))
      expect(await balanceOf(user.stripeCustomerId!)).toEqual(about(-paid * left))
      expect(await auditGrants()).toMatchObject({ violations: [] })
    },
  )
})

describe('a refund of an upgrade under a coupon', () => {
  it('a refund of an upgrade under a coupon takes the share of its credits that it is of the money paid', async () => {
    const user = await tenDaysIn(half)
    const { money, credits } = await changeAsShown(deliveries, user, creator)
    const [charge] = await chargesOf(context, user)
    expect(charge!.amount).toBe(money)
    const first = Math.floor(money / 4)
    await context.stripe.refunds.create({ charge: charge!.id, amount: first })
    await deliveries.deliver()
    expect(await creditsOf(user)).toBe(1000 + credits - Math.floor((credits * first) / money))
    await context.stripe.refunds.create({ charge: charge!.id, amount: money - first })
    await deliveries.deliver()
    expect(await creditsOf(user)).toBe(1000)
  })
})

const NOTHING_GOES = { credits: 0, losses: [], gracePeriodDays: 3 }

describe('the page of a plan change', () => {
  it.each([half, once, all])(
    'the page of a plan change has rows that add up to the amount due, with a row for $percent % $duration',
    async (coupon) => {
      const user = await tenDaysIn(coupon)
      const now = new Date(context.sandbox.now() * 1000)
      const preview = await previewPlanChange(user, creator)
      const periodEnd = (await readUser(user._id)).subscription!.currentPeriodEnd!
      const { rows, total } = toChangeView(preview, { ...NOTHING_GOES, timeZone: 'UTC', now, periodEnd }).sum!
      const figure = (text: string) => Number(text.replace('\u2212', '-').replace(/[$,]/g, ''))
      const signOf = (label: string) => (label.startsWith('Returned') ? -1 : 1)
      const sum = rows.reduce((before, { label, money }) => before + signOf(label) * figure(money), 0)
      const days = `${Math.round((periodEnd.getTime() - now.getTime()) / DAY_MS)} days`
      expect(rows.map(({ label }) => label)).toEqual([
        `Creator, ${days}`,
        `Returned for unused time on Beginner, ${days}`,
        coupon === once ? 'Discount on Beginner' : 'Discount',
      ])
      expect(sum).toBeCloseTo(figure(total.money), 6)
    },
  )
})

describe('a subscription that does not itemize the discounts of its prorations', () => {
  const modes = { classic: { type: 'classic' }, included: { type: 'flexible' } } as const

  /** Sold in the dashboard. */
  async function soldByHand(mode: keyof typeof modes) {
    const other = await discountedSubscriber(deliveries, { coupon: all })
    const id = subscriptionIdOf(other)
    const {
      items,
      metadata,
      discounts: _,
      default_payment_method: card,
    } = await context.stripe.subscriptions.retrieve(id)
    await context.stripe.subscriptions.cancel(id)
    const coupon = await context.stripe.coupons.create({ percent_off: 50, duration: 'forever' })
    await context.stripe.subscriptions.create({
      customer: other.stripeCustomerId!,
      items: [{ price: items.data[0]!.price.id }],
      default_payment_method: card as string,
      metadata,
      discounts: [{ coupon: coupon.id }],
      billing_mode: modes[mode],
    })
    await deliveries.deliver()
    advance(context, 10)
    return readUser(other._id)
  }

  it.each(['classic', 'included'] as const)(
    'an upgrade without itemized discounts (%s) grants the share of the credits that is paid',
    async (mode) => {
      const user = await soldByHand(mode)
      const { money, credits, left } = await changeAsShown(deliveries, user, creator)
      expect(money).toEqual(about((3000 * left) / 2))
      expect(credits).toEqual(about((4000 * left) / 2))
      expect((await newestInvoice(deliveries, user)).total_discount_amounts).toEqual([])
    },
  )

  it.each(['classic', 'included'] as const)(
    'an upgrade of a migrated subscription (%s) grants all credits of the difference',
    async (mode) => {
      const user = await soldByHand(mode)
      await context.stripe.subscriptions.migrate(subscriptionIdOf(user), {
        billing_mode: { type: 'flexible', flexible: { proration_discounts: 'itemized' } },
      })
      await deliveries.deliver()
      const { money, credits, left } = await changeAsShown(deliveries, user, creator)
      expect(money).toEqual(about((3000 * left) / 2))
      expect(credits).toEqual(about(4000 * left))
    },
  )
})
