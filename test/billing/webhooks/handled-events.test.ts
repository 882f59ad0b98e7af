import { afterEach, describe, expect, it, vi } from 'vitest'
import { auditGrants } from '#app/billing/purchases/audit-grants.server.ts'
import { pauseOverdue } from '#app/billing/subscriptions/grace-period.server.ts'
import { eventTable } from '#app/billing/webhooks/event-table.ts'
import { setNow } from '#app/clock.server.ts'
import { auditCredits } from '#app/credits/audit.server.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import { UserModel } from '#models/user.server.ts'
import { WebhookEventModel } from '#models/webhook-event.server.ts'
import { dispute } from '#test/billing/bank.ts'
import { follow } from '#test/billing/clock.ts'
import { chargesOf, subscriber } from '#test/billing/customers.ts'
import { aUser, creditsOf, Deliveries, post } from '#test/billing/scenario.ts'
import { useStripe } from '#test/billing/stripe.ts'
import { useDatabase } from '#test/setup/database.ts'
import { postGood } from '#test/billing/event-versions.ts'

const context = useStripe()
useDatabase()
const line = new Deliveries(context)
afterEach(() => {
  vi.restoreAllMocks()
  setNow(null)
})

describe('an event tagged as ours', () => {
  it('an event tagged as ours is refused until its user exists, and takes effect when it is sent again (H34)', async () => {
    follow(context)
    const user = await aUser()
    await line.buy({ user, plan: 'Beginner', interval: 'month' })
    const [paid] = line.take().filter(({ type }) => type === 'invoice.paid')
    const stored = await UserModel.findById(user._id).lean()
    await UserModel.deleteOne({ _id: user._id })
    expect((await post(JSON.stringify(paid))).status).toBe(500)
    await UserModel.collection.insertOne(stored as never)
    await postGood([paid!])
    expect(await creditsOf(user)).toBe(1000)
  })
})

describe('events that are easily forgotten', () => {
  it.each([
    'invoice.voided',
    'invoice.marked_uncollectible',
    'invoice.finalization_failed',
    'refund.failed',
    'charge.dispute.funds_withdrawn',
    'charge.dispute.funds_reinstated',
    'customer.subscription.pending_update_expired',
  ])('the event %s is acted on (H37)', (type) => {
    expect(Object.hasOwn(eventTable, type)).toBe(true)
  })

  it('the money of a dispute moves by its funds events alone (H37)', async () => {
    const user = await subscriber(line)
    const [charge] = await chargesOf(context, user)
    dispute(context, charge!.id)
    await postGood(line.take().filter(({ type }) => type === 'charge.dispute.funds_withdrawn'))
    expect(await getBalance(user._id)).toMatchObject({ credits: 0, frozen: 'dispute' })
  })
})

describe('a copy of an event that fails late', () => {
  it('a copy of an event that fails late leaves the event marked as processed (H42)', async () => {
    follow(context)
    const user = await aUser()
    await line.buy({ user, plan: 'Beginner', interval: 'month' })
    const [paid] = line.take().filter(({ type }) => type === 'invoice.paid')
    // The slow copy fails after the fast one has finished, when it marks the event.
    const updateOne = WebhookEventModel.updateOne.bind(WebhookEventModel)
    let isSlow = true
    vi.spyOn(WebhookEventModel, 'updateOne').mockImplementation(((...args: Parameters<typeof updateOne>) => {
      if (!isSlow || !JSON.stringify(args[1]).includes('processedAt')) return updateOne(...args)
      isSlow = false
      return (async () => {
        expect((await post(JSON.stringify(paid))).status).toBe(200)
        throw new Error('died')
      })()
    }) as typeof WebhookEventModel.updateOne)
    expect((await post(JSON.stringify(paid))).status).toBe(200)
    expect(await WebhookEventModel.findById(paid!.id).lean()).toMatchObject({ status: 'processed' })
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
