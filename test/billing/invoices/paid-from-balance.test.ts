import { describe, expect, it } from 'vitest'
import { auditGrants } from '#app/billing/purchases/audit-grants.server.ts'
import { auditCredits } from '#app/credits/audit.server.ts'
import type { User } from '#models/user.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { dispute } from '../bank.ts'
import { advance, useSandboxClock } from '../clock.ts'
import { openInvoicesOf, payWith, subscriber } from '../customers.ts'
import { aUser, creditsOf, Deliveries, historyOf, post, readUser } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

const context = useStripe()
useDatabase()
useSandboxClock(context)
const deliveries = new Deliveries(context)

/** A user with this balance at Stripe, in cents, who buys the Beginner plan for 1000. */
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

describe('an invoice paid from the customer’s balance', () => {
  it('an invoice paid in part from the balance keeps that part of its credits when all of the charge is refunded', async () => {
    const { user, intent } = await subscriberWithBalance(250)
    await context.stripe.refunds.create({ payment_intent: intent! })
    await deliveries.deliver()

    expect(await creditsOf(user)).toBe(500 + 250)
    expect(await historyOf(user)).toMatchObject([
      { amount: 750, amountRefunded: 750, creditsAdded: 1000, status: 'partially_refunded' },
    ])
    expect((await auditGrants()).violations).toEqual([])
  })

  it('an invoice paid in part from the balance keeps no credits when charge and balance are given back', async () => {
    const { user, invoice } = await subscriberWithBalance(250)
    await context.stripe.creditNotes.create({ invoice, amount: 1000, refund_amount: 750, credit_amount: 250 })
    await deliveries.deliver({ order: (events) => [...events].reverse() })

    expect(await creditsOf(user)).toBe(500)
    expect(await historyOf(user)).toMatchObject([{ status: 'refunded', amountRefunded: 1000 }])
  })

  it('an invoice paid in part from the balance, then refunded and disputed at once, loses each share once', async () => {
    const { user, invoice, intent } = await subscriberWithBalance(250)
    await context.stripe.creditNotes.create({ invoice, amount: 600, refund_amount: 400, credit_amount: 200 })
    const { data } = await context.stripe.charges.list({ payment_intent: intent! })
    dispute(context, data[0]!.id)
    const events = deliveries.take()
    await Promise.all([...events, ...events].map((event) => post(JSON.stringify(event))))
    // Events that failed because of another one are sent again.
    for (const event of events) expect((await post(JSON.stringify(event))).status).toBe(200)

    // To the card 400, to the balance 200, to the bank the other 350 of the charge: 950 of 1000.
    expect(await creditsOf(user)).toBe(500 + 50)
    expect((await auditGrants()).violations).toEqual([])
    expect((await auditCredits()).violations).toEqual([])
  })

  it('an invoice paid in full from the balance loses the share of its credits that a credit note returns', async () => {
    const { user, invoice } = await subscriberWithBalance(2000)
    await context.stripe.creditNotes.create({ invoice, amount: 400, credit_amount: 400 })
    await deliveries.deliver()

    expect(await creditsOf(user)).toBe(500 + 600)
    expect(await historyOf(user)).toMatchObject([{ amount: 0, amountRefunded: 400, status: 'partially_refunded' }])
  })
})

describe('a credit note for an amount due', () => {
  /** A renewal of 1000 that could not be collected, of which this many cents are waived. */
  async function waived(cents: number): Promise<{ user: User; invoice: string }> {
    const user = await subscriber(deliveries)
    await payWith(context, user, 'pm_card_chargeCustomerFail')
    advance(context, 32)
    await deliveries.deliver()
    const [open] = await openInvoicesOf(context, user)
    await context.stripe.creditNotes.create({ invoice: open!.id, amount: cents })
    return { user, invoice: open!.id }
  }

  it('a credit note on an open invoice lowers the price and not the credits, and a refund of the rest takes all of them', async () => {
    const { user, invoice } = await waived(400)
    await payWith(context, user, 'pm_card_visa')
    await context.stripe.invoices.pay(invoice)
    await deliveries.deliver()
    expect(await creditsOf(user)).toBe(2000)
    expect((await historyOf(user)).at(-1)).toMatchObject({ amount: 600, creditsAdded: 1000, amountRefunded: 0 })

    const { data } = await context.stripe.invoicePayments.list({ invoice })
    await context.stripe.refunds.create({ payment_intent: data[0]!.payment.payment_intent as string })
    await deliveries.deliver()
    expect(await creditsOf(user)).toBe(1000)
    expect((await historyOf(user)).at(-1)).toMatchObject({ amountRefunded: 600, status: 'refunded' })
  })

  it('a credit note for the whole amount due makes the renewal free, and the payment is no longer overdue', async () => {
    const { user } = await waived(1000)
    await deliveries.deliver()
    expect(await creditsOf(user)).toBe(2000)
    expect((await historyOf(user)).at(-1)).toMatchObject({ amount: 0, creditsAdded: 1000 })
    expect((await readUser(user._id)).subscription).toMatchObject({ status: 'active', gracePeriodEnd: null })
  })
})
