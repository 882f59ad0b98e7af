import { afterEach, describe, expect, it } from 'vitest'
import { auditGrants } from '#app/billing/purchases/audit-grants.server.ts'
import { pauseOverdue } from '#app/billing/subscriptions/grace-period.server.ts'
import { setNow } from '#app/clock.server.ts'
import { auditCredits } from '#app/credits/audit.server.ts'
import { advance, follow } from '#test/billing/clock.ts'
import { chargesOf, subscriber, subscriptionIdOf } from '#test/billing/customers.ts'
import { planPrice } from '#test/billing/plan.ts'
import { creditsOf, Deliveries, historyOf, post } from '#test/billing/scenario.ts'
import { useStripe } from '#test/billing/stripe.ts'
import { useDatabase } from '#test/setup/database.ts'

const context = useStripe()
useDatabase()
const line = new Deliveries(context)
afterEach(() => {
  setNow(null)
})

describe('sums of zero', () => {
  it('a plan’s price of $0 grants the plan’s credits, as a 100% coupon does (H36)', async () => {
    const user = await subscriber(line)
    const { stripe } = context
    const old = await stripe.prices.retrieve(await planPrice('Beginner'))
    const free = await stripe.prices.create({
      product: old.product as string,
      unit_amount: 0,
      currency: 'usd',
      recurring: { interval: 'month' },
      metadata: old.metadata,
    })
    const id = subscriptionIdOf(user)
    const { items } = await stripe.subscriptions.retrieve(id)
    await stripe.subscriptions.update(id, {
      items: [{ id: items.data[0]!.id, price: free.id }],
      proration_behavior: 'none',
    })
    advance(context, 32)
    const events = line.take()
    const renewal = events.filter(
      ({ type, data }) => type === 'invoice.paid' && data.object.customer === user.stripeCustomerId,
    )
    expect((await post(JSON.stringify(renewal[0]))).status).toBe(200)
    expect(await creditsOf(user)).toBe(2000)
  })

  it('the refund of an invoice that a balance paid in part takes back no more than the invoice granted (H36)', async () => {
    const user = await subscriber(line)
    await context.stripe.customers.createBalanceTransaction(user.stripeCustomerId!, { amount: -400, currency: 'usd' })
    advance(context, 32)
    await line.deliver()
    const [charge] = await chargesOf(context, user)
    expect(charge!.amount).toBe(600)
    expect(await creditsOf(user)).toBe(2000)
    await context.stripe.refunds.create({ charge: charge!.id })
    await line.deliver()
    // Six tenths of the payment were refunded, so six tenths of the month's credits are taken back.
    expect(await creditsOf(user)).toBe(1400)
  })

  it('an invoice paid in full from a balance has no charge, and grants its credits (H36)', async () => {
    const user = await subscriber(line)
    await context.stripe.customers.createBalanceTransaction(user.stripeCustomerId!, { amount: -5000, currency: 'usd' })
    advance(context, 32)
    await line.deliver()
    expect((await historyOf(user)).map(({ amount, creditsAdded }) => [amount, creditsAdded])).toEqual([
      [1000, 1000],
      [0, 1000],
    ])
  })
})

describe('the books', () => {
  it('the books balance after these cases', async () => {
    follow(context)
    await pauseOverdue()
    expect((await auditGrants()).violations).toEqual([])
    expect((await auditCredits()).violations).toEqual([])
  })
})
