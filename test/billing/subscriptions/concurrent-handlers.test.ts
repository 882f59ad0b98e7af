import { afterEach, describe, expect, it } from 'vitest'
import { auditGrants } from '#app/billing/purchases/audit-grants.server.ts'
import { pauseOverdue } from '#app/billing/subscriptions/grace-period.server.ts'
import { setNow } from '#app/clock.server.ts'
import { auditCredits } from '#app/credits/audit.server.ts'
import { follow } from '#test/billing/clock.ts'
import { subscriber, subscriptionIdOf } from '#test/billing/customers.ts'
import { planPrice } from '#test/billing/plan.ts'
import { creditsOf, Deliveries, post, readUser } from '#test/billing/scenario.ts'
import { useStripe } from '#test/billing/stripe.ts'
import { useDatabase } from '#test/setup/database.ts'
import { postGood } from '#test/billing/event-versions.ts'

const context = useStripe()
useDatabase()
const line = new Deliveries(context)
afterEach(() => {
  setNow(null)
})

describe('two subscriptions seen by two handlers at once', () => {
  it('two handlers that see two subscriptions at once keep the same one, end the other once, and refund its unused time once (H39)', async () => {
    const user = await subscriber(line)
    const old = subscriptionIdOf(user)
    const { default_payment_method: card } = await context.stripe.subscriptions.retrieve(old)
    context.sandbox.advance(10)
    const created = await context.stripe.subscriptions.create({
      customer: user.stripeCustomerId!,
      items: [{ price: await planPrice('Daily') }],
      default_payment_method: card as string,
    })
    const events = line.take()
    const answers = await Promise.all([...events, ...events].map((event) => post(JSON.stringify(event))))
    expect(answers.every(({ status }) => status === 200 || status === 500)).toBe(true)
    await postGood(events)
    await postGood(line.take())
    const { data } = await context.stripe.subscriptions.list({ customer: user.stripeCustomerId! })
    expect(data.map(({ id }) => id)).toEqual([created.id])
    const customer = await context.stripe.customers.retrieve(user.stripeCustomerId!)
    // The unused time of the old plan, credited once; the seconds since cost a cent at most.
    expect(customer.deleted ? null : customer.balance).toBeGreaterThanOrEqual(-1000)
    expect(customer.deleted ? null : customer.balance).toBeLessThan(-990)
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Daily' })
    expect(await creditsOf(user)).toBeLessThanOrEqual(2010)
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
