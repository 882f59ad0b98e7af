import Stripe from 'stripe'
import { describe, expect, it, vi } from 'vitest'
import { auditGrants } from '#app/billing/purchases/audit-grants.server.ts'
import { listBillingHistory } from '#app/billing/purchases/list-history.server.ts'
import { auditCredits } from '#app/credits/audit.server.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import { listEntries } from '#app/credits/ledger.server.ts'
import { toHistoryRows } from '#app/plan-status/history-rows.ts'
import { toEntryJson } from '#app/usage/entry-views.ts'
import { wordsOf } from '#app/usage/entry-words.server.ts'
import { entriesAsCsv } from '#app/usage/export.server.ts'
import { NotificationModel } from '#models/notification.server.ts'
import { PaymentModel } from '#models/payment.server.ts'
import type { User } from '#models/user.server.ts'
import { failRefund } from '#sandbox/stripe/billing/payments/refund.ts'
import { useDatabase } from '#test/setup/database.ts'
import { decide, DISPUTED_CARD } from '../bank.ts'
import { newestCharge, spend, subscriber, subscriptionIdOf } from '../customers.ts'
import { aUser, creditsOf, Deliveries, historyOf, post } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

const context = useStripe()
useDatabase()
const deliveries = new Deliveries(context)

describe('a refund', () => {
  it('a refund takes its share of the credits, a second one adds up, and copies do not', async () => {
    const user = await subscriber(deliveries)
    const charge = await newestCharge(context, user)
    await context.stripe.refunds.create({ charge: charge.id, amount: 333 })
    await deliveries.deliver({ order: (events) => [...events, ...events] })
    expect(await creditsOf(user)).toBe(667)
    expect(await historyOf(user)).toMatchObject([
      { status: 'partially_refunded', amountRefunded: 333, creditsAdded: 1000, isCurrentSubscription: true },
    ])
    await context.stripe.refunds.create({ charge: charge.id })
    await deliveries.deliver({ order: (events) => events.reverse() })
    expect(await creditsOf(user)).toBe(0)
    expect(await historyOf(user)).toMatchObject([{ status: 'refunded', amountRefunded: 1000 }])
  })

  it('a refund that fails while its success is processed returns the credits', async () => {
    const user = await subscriber(deliveries)
    const { id } = await context.stripe.refunds.create({ charge: (await newestCharge(context, user)).id })
    // After the refunds are listed, the bank fails this one, and another process handles that at once.
    const client = Object.getPrototypeOf(Stripe.createNodeHttpClient()) as Stripe.HttpClient
    const makeRequest = client.makeRequest
    const calls = vi.spyOn(client, 'makeRequest')
    let isListed = false
    calls.mockImplementation(async function (this: Stripe.HttpClient, ...args) {
      const answer = await makeRequest.apply(this, args)
      if (args[2].startsWith('/v1/refunds?') && !isListed) {
        isListed = true
        const { world } = context.sandbox
        world.run(() => failRefund(world, world.tables.refunds.get(id)!))
        await deliveries.deliver({ type: 'refund.failed' })
      }
      return answer
    })
    expect(await deliveries.deliver({ type: 'refund.created' })).toEqual([200])
    calls.mockRestore()
    expect(isListed).toBe(true)
    expect(await creditsOf(user)).toBe(1000)
    expect(await historyOf(user)).toMatchObject([{ status: 'active', amountRefunded: 0 }])
  })

  it('a refund of spent credits makes a debt', async () => {
    const user = await subscriber(deliveries)
    await spend(user, 900)
    await context.stripe.refunds.create({ charge: (await newestCharge(context, user)).id })
    await deliveries.deliver()
    expect(await getBalance(user._id)).toMatchObject({ credits: -900, debt: 900 })
  })

  it('a refund whose event arrives before its invoice’s grants first, and then takes back (H55)', async () => {
    const user = await aUser()
    await deliveries.deliver()
    await deliveries.buy({ user, plan: 'Beginner', interval: 'month' })
    await context.stripe.refunds.create({ charge: (await newestCharge(context, user)).id })
    const isAboutRefund = ({ type }: { type: string }) => type.startsWith('refund.') || type === 'charge.refunded'
    await deliveries.deliver({ order: (events) => events.filter(isAboutRefund) })
    expect(await creditsOf(user)).toBe(0)
    expect(await historyOf(user)).toMatchObject([{ creditsAdded: 1000, status: 'refunded' }])
    await deliveries.deliver()
    for (const event of context.sandbox.events('invoice.paid').slice(-1)) await post(JSON.stringify(event))
    expect(await creditsOf(user)).toBe(0)
  })

  it('a refund of a pack takes its credits, also when its event arrives first', async () => {
    const user = await aUser()
    await deliveries.deliver()
    await deliveries.buy({ user, pack: '2000' })
    await context.stripe.refunds.create({ charge: (await newestCharge(context, user)).id, amount: 1100 })
    await deliveries.deliver({ order: (events) => events.reverse() })
    expect(await creditsOf(user)).toBe(1000)
    expect(await PaymentModel.find({ userId: user._id }).lean()).toMatchObject([
      { status: 'partially_refunded', amountRefunded: 1100, creditsAdded: 2000 },
    ])
  })

  it('a refund that is processed many times at once takes its share once', async () => {
    const user = await subscriber(deliveries)
    const charge = await newestCharge(context, user)
    for (const amount of [100, 200, 300]) await context.stripe.refunds.create({ charge: charge.id, amount })
    const events = deliveries.waiting()
    const copies = [...events, ...events, ...events].map((event) => post(JSON.stringify(event)))
    const statuses = (await Promise.all(copies)).map(({ status }) => status)
    // A busy account answers with an error, and Stripe retries the event.
    expect(statuses.every((status) => status === 200 || status === 500)).toBe(true)
    await deliveries.deliver()
    expect(await creditsOf(user)).toBe(400)
  })
})

async function disputeOf(user: User): Promise<Stripe.Dispute> {
  const { id: charge } = await newestCharge(context, user)
  return (await context.stripe.disputes.list({ charge })).data[0]!
}

describe('a dispute', () => {
  it('a dispute takes credits and stops spending, and winning it returns both', async () => {
    const user = await aUser()
    await deliveries.buy({ user, plan: 'Beginner', interval: 'month' }, DISPUTED_CARD)
    await deliveries.deliver()
    expect(await getBalance(user._id)).toMatchObject({ credits: 0, frozen: 'dispute' })
    expect(await historyOf(user)).toMatchObject([{ status: 'disputed' }])
    const dispute = await disputeOf(user)
    await decide(context, dispute.id, 'won')
    await deliveries.deliver()
    expect(await getBalance(user._id)).toMatchObject({ credits: 1000, frozen: null })
    expect(await historyOf(user)).toMatchObject([{ status: 'active' }])
  })

  it('a lost dispute keeps the credits reversed, and spending resumes', async () => {
    const user = await aUser()
    await deliveries.buy({ user, pack: '500' }, DISPUTED_CARD)
    await deliveries.deliver()
    const dispute = await disputeOf(user)
    await context.stripe.disputes.close(dispute.id)
    await deliveries.deliver({ order: (events) => [...events.reverse(), ...events] })
    expect(await getBalance(user._id)).toMatchObject({ credits: 0, frozen: null })
    expect(await PaymentModel.find({ userId: user._id }).lean()).toMatchObject([
      { status: 'dispute_lost', creditsReversed: 500 },
    ])
  })

  it('a lost dispute is shown in the row, the ledger, the API, the CSV file and one mail', async () => {
    const user = await subscriber(deliveries, { card: DISPUTED_CARD })
    await context.stripe.disputes.close((await disputeOf(user)).id)
    await deliveries.deliver({ order: (events) => [...events, ...events.reverse()] })

    const history = await listBillingHistory(user._id)
    expect(history).toMatchObject([{ status: 'dispute_lost', creditsReversed: 1000 }])
    expect(toHistoryRows(history, 'UTC')).toMatchObject([{ status: { text: 'Dispute lost' } }])
    const { entries } = await listEntries(user._id)
    expect(entries.map((entry) => wordsOf(entry, 'UTC').title)).toEqual([
      'Dispute lost: credits not restored',
      'Dispute reversal',
      'Plan credits',
    ])
    expect(toEntryJson(entries[0]!)).toMatchObject({ credits: 0, source: { type: 'dispute', reason: 'lost' } })
    expect((await new Response(entriesAsCsv(user._id, {})).text()).split('\r\n')[1]).toMatch(/,dispute,du_\w+,lost,/)
    const mails = await NotificationModel.find({ userId: user._id, kind: 'dispute_lost' }).lean()
    expect(mails).toMatchObject([{ data: { amount: 1000, currency: 'usd', credits: 1000, isPaused: false } }])
    expect((await auditCredits()).violations).toEqual([])
  })

  it('a dispute lost long ago and found only now sends no mail', async () => {
    const user = await subscriber(deliveries, { card: DISPUTED_CARD })
    const { id } = await disputeOf(user)
    await context.stripe.disputes.close(id)
    const { world } = context.sandbox
    world.run(() => world.tables.disputes.update(id, { created: world.now() - 150 * 86_400 }))
    await deliveries.deliver()
    expect(await NotificationModel.countDocuments({ userId: user._id, kind: 'dispute_lost' })).toBe(0)
  })

  it('the row of a plan that ends after its dispute was won is canceled', async () => {
    const user = await subscriber(deliveries, { card: DISPUTED_CARD })
    const dispute = await disputeOf(user)
    await decide(context, dispute.id, 'won')
    await deliveries.deliver()
    await deliveries.deliver()
    await context.stripe.subscriptions.cancel(subscriptionIdOf(user))
    await deliveries.deliver()
    expect(await historyOf(user)).toMatchObject([{ status: 'cancelled' }])
  })

  it('the row of a plan that ends during a dispute that is won later is canceled', async () => {
    const user = await subscriber(deliveries, { card: DISPUTED_CARD })
    await context.stripe.subscriptions.cancel(subscriptionIdOf(user))
    await deliveries.deliver()
    const dispute = await disputeOf(user)
    await decide(context, dispute.id, 'won')
    await deliveries.deliver()
    await deliveries.deliver()
    expect(await historyOf(user)).toMatchObject([{ status: 'cancelled' }])
  })
})

describe('the books', () => {
  it('the books balance after all these refunds', async () => {
    expect((await auditGrants()).violations).toEqual([])
    expect((await auditCredits()).violations).toEqual([])
  })
})
