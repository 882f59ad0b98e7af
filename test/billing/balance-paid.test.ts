import { describe, expect, it } from 'vitest'
import { auditGrants } from '#app/billing/audit-grants.server.ts'
import type { User } from '#models/user.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { aUser, creditsOf, Deliveries, historyOf, readUser } from './scenario.ts'
import { useStripe } from './stripe.ts'

const context = useStripe()
useDatabase()
const deliveries = new Deliveries(context)

/** Somebody whose balance at Stripe holds so much, in cents, when the Beginner plan is bought for 1000. */
async function subscriberWithBalance(cents: number): Promise<{ user: User; invoice: string; intent: string | null }> {
  const user = await aUser()
  await deliveries.buy({ user, pack: '500' })
  await deliveries.deliver()
  const customer = (await readUser(user._id)).stripeCustomerId!
  await context.stripe.customers.createBalanceTransaction(customer, { amount: -cents, currency: 'usd' })
  await deliveries.buy({ user, plan: 'Beginner', interval: 'month' })
  await deliveries.deliver()
  const [invoice] = (await context.stripe.invoices.list({ customer, limit: 1 })).data
  const [payment] = (await context.stripe.invoicePayments.list({ invoice: invoice!.id })).data
  return { user, invoice: invoice!.id, intent: (payment?.payment.payment_intent ?? null) as string | null }
}

describe('an invoice that the customer’s balance paid', () => {
  it('in part keeps that part of its credits when all of the charge is refunded', async () => {
    const { user, intent } = await subscriberWithBalance(250)
    await context.stripe.refunds.create({ payment_intent: intent! })
    await deliveries.deliver()

    expect(await creditsOf(user)).toBe(500 + 250)
    expect(await historyOf(user)).toMatchObject([
      { amount: 750, amountRefunded: 750, creditsAdded: 1000, status: 'partially_refunded' },
    ])
    expect((await auditGrants()).violations).toEqual([])
  })

  it('in part, and whose balance is given back as well, keeps none', async () => {
    const { user, invoice } = await subscriberWithBalance(250)
    await context.stripe.creditNotes.create({ invoice, amount: 1000, refund_amount: 750, credit_amount: 250 })
    await deliveries.deliver({ order: (events) => [...events].reverse() })

    expect(await creditsOf(user)).toBe(500)
    expect(await historyOf(user)).toMatchObject([{ status: 'refunded', amountRefunded: 1000 }])
  })

  it('whole loses the share of its credits that a credit note gives back to the balance', async () => {
    const { user, invoice } = await subscriberWithBalance(2000)
    await context.stripe.creditNotes.create({ invoice, amount: 400, credit_amount: 400 })
    await deliveries.deliver()

    expect(await creditsOf(user)).toBe(500 + 600)
    expect(await historyOf(user)).toMatchObject([{ amount: 0, amountRefunded: 400, status: 'partially_refunded' }])
  })
})
