import { describe, expect, it } from 'vitest'
import { auditGrants } from '#app/billing/purchases/audit-grants.server.ts'
import { reconcile } from '#app/billing/reconcile/reconcile.server.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import { NotificationModel } from '#models/notification.server.ts'
import type { User } from '#models/user.server.ts'
import { WebhookEventModel } from '#models/webhook-event.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { spend } from '../customers.ts'
import { aUser, creditsOf, Deliveries, historyOf, readUser } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

const context = useStripe()
useDatabase()
const deliveries = new Deliveries(context)

async function subscriber(): Promise<{ user: User; invoice: string; customer: string }> {
  const user = await aUser()
  await deliveries.buy({ user, plan: 'Beginner', interval: 'month' })
  await deliveries.deliver()
  const customer = (await readUser(user._id)).stripeCustomerId!
  const [invoice] = (await context.stripe.invoices.list({ customer, limit: 1 })).data
  return { user, invoice: invoice!.id, customer }
}
const credit = (invoice: string, amount: number) =>
  context.stripe.creditNotes.create({ invoice, amount, credit_amount: amount })
const everythingTwice = <Event>(events: Event[]) => [...events, ...events]

describe('a credit note', () => {
  it('a credit note to the balance takes back its share of the credits once (H37)', async () => {
    const { user, invoice } = await subscriber()
    await credit(invoice, 250)
    await deliveries.deliver({ order: everythingTwice })
    expect(await creditsOf(user)).toBe(750)
    expect(await historyOf(user)).toMatchObject([{ status: 'partially_refunded', amountRefunded: 250 }])
    const told = await NotificationModel.find({ userId: user._id, kind: 'refund' }).lean()
    expect(told).toMatchObject([{ data: { amount: 250, credits: 250, to: 'balance' } }])
  })

  it('a credit note refunded in part takes each part once (H37)', async () => {
    const { user, invoice } = await subscriber()
    await context.stripe.creditNotes.create({ invoice, amount: 600, refund_amount: 400, credit_amount: 200 })
    await deliveries.deliver({ order: (events) => everythingTwice(events).reverse() })
    expect(await creditsOf(user)).toBe(400)
    expect(await historyOf(user)).toMatchObject([{ amountRefunded: 600 }])
  })

  it('credit notes and other refunds together never take more than was granted (H37)', async () => {
    const { user, invoice } = await subscriber()
    await context.stripe.creditNotes.create({ invoice, amount: 700, out_of_band_amount: 700 })
    await credit(invoice, 300)
    await deliveries.deliver()
    expect(await creditsOf(user)).toBe(0)
    expect(await historyOf(user)).toMatchObject([{ status: 'refunded', amountRefunded: 1000 }])
  })

  it('a credit note whose balance pays the next month grants that month’s credits, and no more (H37)', async () => {
    const { user, invoice } = await subscriber()
    await spend(user, 1000)
    await credit(invoice, 1000)
    await deliveries.deliver()
    expect(await getBalance(user._id)).toMatchObject({ credits: -1000, debt: 1000 })
    context.sandbox.advance(32 * 86_400)
    await deliveries.deliver()
    expect((await historyOf(user)).map(({ amount, creditsAdded }) => ({ amount, creditsAdded }))).toEqual([
      { amount: 1000, creditsAdded: 1000 },
      { amount: 0, creditsAdded: 1000 },
    ])
    expect(await creditsOf(user)).toBe(0)
  })

  it('a credit note without an event is found by the next reconcile (H37)', async () => {
    const { user, invoice } = await subscriber()
    await credit(invoice, 500)
    // As if Stripe no longer had the events.
    const marked = { payload: {}, status: 'processed' as const, receivedAt: new Date() }
    for (const { id, type } of deliveries.waiting() as { id: string; type: string }[]) {
      await WebhookEventModel.updateOne({ _id: id }, { $set: { type, ...marked } }, { upsert: true })
    }
    expect((await reconcile())?.done).toEqual(expect.arrayContaining([expect.stringContaining('500 credits')]))
    expect(await creditsOf(user)).toBe(500)
    expect(await reconcile()).toMatchObject({ done: [], failed: [] })
    expect((await auditGrants()).violations).toEqual([])
  })
})
