import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { requireLiveSubscription } from '#app/billing/subscriptions/live-subscription.server.ts'
import { reconcile } from '#app/billing/reconcile/reconcile.server.ts'
import type { User } from '#models/user.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { addOnPrice, sellByHand } from '../by-hand.ts'
import { advance, useSandboxClock } from '../clock.ts'
import { scheduledChangeOf } from '../customers.ts'
import { planPrice } from '../plan.ts'
import { creditsOf, Deliveries, historyOf, readUser } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

const context = useStripe()
useDatabase()
useSandboxClock(context)
const deliveries = new Deliveries(context)

const sold = async (prices: string[]): Promise<User> => {
  const user = await sellByHand(
    context,
    prices.map((price) => ({ price })),
  )
  await deliveries.deliver()
  return readUser(user._id)
}

const daysUntil = (date: Date | null | undefined): number => (date!.getTime() / 1000 - context.sandbox.now()) / 86_400

describe('the plan is the item with a plan’s price, in any position', () => {
  it('a yearly plan listed after a monthly add-on renews in a year, also after the add-on’s month', async () => {
    const user = await sold([await addOnPrice(context), await planPrice('Daily', 'year')])
    expect(user.subscription).toMatchObject({ plan: 'Daily', interval: 'year', status: 'active' })
    expect(daysUntil(user.subscription?.currentPeriodEnd)).toBeGreaterThan(364)

    advance(context, 32)
    await deliveries.deliver()
    const { subscription } = await readUser(user._id)
    expect(subscription?.currentPeriodEnd).toEqual(user.subscription?.currentPeriodEnd)
    expect(subscription?.currentPeriodStart).toEqual(user.subscription?.currentPeriodStart)
    expect((await requireLiveSubscription(user)).currentPeriodEnd).toEqual(user.subscription?.currentPeriodEnd)
    expect(await creditsOf(user)).toBe(24_000)
    expect(await reconcile()).toMatchObject({ done: [], failed: [] })
  })

  it('a change made in the dashboard is shown for a plan listed after an add-on', async () => {
    const addOn = await addOnPrice(context)
    const user = await sold([addOn, await planPrice('Creator')])
    const at = await scheduleAtStripe(user, [{ price: addOn }, { price: await planPrice('Beginner') }])
    expect(await scheduledChangeOf(user)).toMatchObject({ plan: 'Beginner', interval: 'month', at })
  })

  it('a change of the add-on alone is no plan change', async () => {
    const user = await sold([await addOnPrice(context), await planPrice('Creator')])
    await scheduleAtStripe(user, [{ price: await planPrice('Creator') }])
    expect(await scheduledChangeOf(user)).toBeNull()
  })

  /** Schedules items for the next period, as the dashboard does. */
  async function scheduleAtStripe({ _id, subscription }: User, items: { price: string }[]): Promise<Date> {
    const { stripe } = context
    const from = { from_subscription: subscription!.stripeSubscriptionId! }
    const { id, phases } = await stripe.subscriptionSchedules.create(from)
    const { start_date, end_date, items: now } = phases[0]!
    const current = { start_date, end_date, items: now.map(({ price }) => ({ price: price as string })) }
    await stripe.subscriptionSchedules.update(id, {
      phases: [current, { items, duration: { interval: 'month', interval_count: 1 } }],
    })
    await deliveries.deliver()
    return (await readUser(_id)).subscription!.currentPeriodEnd!
  }

  it('only the function that finds the plan item picks an item', () => {
    const files = readdirSync('app', { recursive: true, encoding: 'utf8' }).filter((file) => /\.tsx?$/.test(file))
    const picks = /\bitems(\.data)?\??\.?\[\d|\bitems(\.data)?\.(at|find|shift|pop)\(|\[\w+\] = [\w.]*\bitems\b/
    const picking = files.filter((file) => picks.test(readFileSync(path.join('app', file), 'utf8')))
    // All items have the same interval there, which is the only field read from the first.
    expect(picking).toEqual(['billing/upcoming-invoice/period-charge.server.ts'])
  })
})

describe('two plans on one subscription', () => {
  it.each([
    ['the smaller first', ['Beginner', 'Creator']],
    ['the larger first', ['Creator', 'Beginner']],
  ])('the larger of two plans on one subscription is the user’s and the row’s: %s', async (_, names) => {
    const user = await sold(await Promise.all(names.map((name) => planPrice(name))))
    expect(user.subscription).toMatchObject({ plan: 'Creator', interval: 'month' })
    expect(await historyOf(user)).toMatchObject([{ planName: 'Creator', amount: 5000, creditsAdded: 6000 }])

    advance(context, 32)
    await deliveries.deliver()
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Creator' })
    expect((await historyOf(user)).map(({ planName }) => planName)).toEqual(['Creator', 'Creator'])
    expect(await creditsOf(user)).toBe(12_000)
    expect(await reconcile()).toMatchObject({ done: [], failed: [] })
  })

  it('the larger of two plans also counts if the smaller one costs more', async () => {
    const user = await sold([await planPrice('Beginner', 'year'), await planPrice('Daily')])
    expect(user.subscription).toMatchObject({ plan: 'Daily', interval: 'month' })
    expect(await historyOf(user)).toMatchObject([{ planName: 'Daily', interval: 'month', amount: 11_800 }])
  })
})
