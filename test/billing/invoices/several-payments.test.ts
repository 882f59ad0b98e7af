import { describe, expect, it } from 'vitest'
import { auditGrants } from '#app/billing/purchases/audit-grants.server.ts'
import { reconcile } from '#app/billing/reconcile/reconcile.server.ts'
import { auditCredits } from '#app/credits/audit.server.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import type { User } from '#models/user.server.ts'
import { failRefund } from '#sandbox/stripe/billing/payments/refund.ts'
import { useDatabase } from '#test/setup/database.ts'
import { decide, dispute } from '../bank.ts'
import { useSandboxClock } from '../clock.ts'
import { openInvoicesOf, overdueSubscriber, payWith } from '../customers.ts'
import { creditsOf, Deliveries, historyOf, post } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

const context = useStripe()
useDatabase()
useSandboxClock(context)
const deliveries = new Deliveries(context)

/** A user with the first month's credits whose renewal of 1000, for 1000 credits, is open. */
async function owing(): Promise<{ user: User; invoice: string }> {
  const user = await overdueSubscriber(deliveries)
  const [open] = await openInvoicesOf(context, user)
  return { user, invoice: open!.id }
}

/** Pays a part of an invoice. @returns the charge */
async function payPart(user: User, invoice: string, amount: number): Promise<string> {
  const customer = user.stripeCustomerId!
  const payment = { customer, amount, currency: 'usd', payment_method: 'pm_card_visa', confirm: true }
  const { id, latest_charge } = await context.stripe.paymentIntents.create(payment)
  await context.stripe.invoices.attachPayment(invoice, { payment_intent: id })
  return latest_charge as string
}

/** The same, with the invoice paid in two parts. */
async function paidInTwo(): Promise<{ user: User; invoice: string; first: string; second: string }> {
  const { user, invoice } = await owing()
  const first = await payPart(user, invoice, 400)
  const second = await payPart(user, invoice, 600)
  await deliveries.deliver()
  expect(await creditsOf(user)).toBe(2000)
  return { user, invoice, first, second }
}

const rowOf = async (user: User) => (await historyOf(user)).at(-1)

describe('an invoice that several payments paid', () => {
  it('an invoice paid by several payments grants its credits once, and the row has the whole amount', async () => {
    const { user } = await paidInTwo()
    expect(await rowOf(user)).toMatchObject({ amount: 1000, creditsAdded: 1000, amountRefunded: 0, status: 'active' })
  })

  it('the row of an invoice with several payments includes the refunds of all of them, whichever event is sent again', async () => {
    const { user, first, second } = await paidInTwo()
    await context.stripe.refunds.create({ charge: first, amount: 100 })
    await context.stripe.refunds.create({ charge: second, amount: 250 })
    const events = deliveries.take()
    const whole = { amountRefunded: 350, creditsReversed: 350, status: 'partially_refunded' }
    for (const event of [...events, ...events.reverse()]) await post(JSON.stringify(event))
    expect(await rowOf(user)).toMatchObject(whole)
    let copies = 0
    // The same events under new ids.
    for (const event of [...events, ...events].reverse()) {
      await post(JSON.stringify({ ...event, id: `${event.id}_again_${copies++}` }))
      expect(await rowOf(user)).toMatchObject(whole)
    }
    expect(await creditsOf(user)).toBe(2000 - 350)

    await context.stripe.refunds.create({ charge: first })
    await context.stripe.refunds.create({ charge: second })
    await deliveries.deliver({ order: (all) => all.reverse() })
    expect(await rowOf(user)).toMatchObject({ amountRefunded: 1000, creditsReversed: 1000, status: 'refunded' })
    expect(await creditsOf(user)).toBe(1000)
    expect((await auditGrants()).violations).toEqual([])
    expect((await auditCredits()).violations).toEqual([])
  })

  it('an invoice with several payments stays partly refunded when one of two refunds fails', async () => {
    const { user, first, second } = await paidInTwo()
    await context.stripe.refunds.create({ charge: first })
    const { id } = await context.stripe.refunds.create({ charge: second })
    await deliveries.deliver()
    const { world } = context.sandbox
    world.run(() => failRefund(world, world.tables.refunds.get(id)!))
    await deliveries.deliver({ order: (all) => [...all, ...all].reverse() })
    expect(await rowOf(user)).toMatchObject({ amountRefunded: 400, creditsReversed: 400, status: 'partially_refunded' })
    expect(await creditsOf(user)).toBe(1600)
  })

  it('an invoice is disputed as long as one of its charges is, and a won dispute does not hide a lost one', async () => {
    const { user, first, second } = await paidInTwo()
    const one = dispute(context, first)
    const other = dispute(context, second)
    await deliveries.deliver()
    expect(await rowOf(user)).toMatchObject({ status: 'disputed', creditsReversed: 1000 })
    await decide(context, one, 'lost')
    await deliveries.deliver()
    expect(await rowOf(user)).toMatchObject({ status: 'disputed', creditsReversed: 1000 })
    expect((await getBalance(user._id)).frozen).toBe('dispute')
    await decide(context, other, 'won')
    await deliveries.deliver({ order: (all) => all.reverse() })
    expect(await rowOf(user)).toMatchObject({ status: 'dispute_lost', creditsReversed: 400 })
    expect(await creditsOf(user)).toBe(1600)
    expect((await getBalance(user._id)).frozen).toBeNull()
  })

  it('an invoice counts a refund of one charge and a dispute of the other together', async () => {
    const { user, first, second } = await paidInTwo()
    await context.stripe.refunds.create({ charge: first, amount: 300 })
    dispute(context, second)
    const events = deliveries.take()
    await Promise.all([...events, ...events].map((event) => post(JSON.stringify(event))))
    for (const event of events) expect((await post(JSON.stringify(event))).status).toBe(200)
    expect(await rowOf(user)).toMatchObject({ status: 'disputed', amountRefunded: 300, creditsReversed: 900 })
    expect(await creditsOf(user)).toBe(1100)
  })

  it('a first part that was refunded or disputed before the rest was paid counts once the invoice is paid', async () => {
    const { user, invoice } = await owing()
    const first = await payPart(user, invoice, 300)
    const second = await payPart(user, invoice, 200)
    await context.stripe.refunds.create({ charge: first, amount: 300 })
    dispute(context, second)
    await deliveries.deliver()
    expect(await creditsOf(user)).toBe(1000)
    await payWith(context, user, 'pm_card_visa')
    await context.stripe.invoices.pay(invoice)
    await deliveries.deliver()
    expect(await rowOf(user)).toMatchObject({ amount: 1000, amountRefunded: 300, creditsReversed: 500 })
    expect(await creditsOf(user)).toBe(1500)
    expect(await reconcile()).toMatchObject({ done: [], failed: [] })
  })

  it('reconcile finds the refund of an invoice with several payments without an event', async () => {
    const { user, first, second } = await paidInTwo()
    await context.stripe.refunds.create({ charge: first, amount: 100 })
    await context.stripe.refunds.create({ charge: second, amount: 200 })
    deliveries.take()
    await reconcile()
    expect(await rowOf(user)).toMatchObject({ amountRefunded: 300, creditsReversed: 300 })
    expect(await reconcile()).toMatchObject({ done: [], failed: [] })
  })
})
