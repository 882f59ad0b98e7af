import { randomUUID } from 'node:crypto'
import mongoose, { type Types } from 'mongoose'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { auditGrants } from '#app/billing/purchases/audit-grants.server.ts'
import { addMonths, creditsForInvoice } from '#app/billing/line-items/credits-for-invoice.ts'
import type { PlanLine } from '#app/billing/line-items/sold-line.ts'
import { setNow } from '#app/clock.server.ts'
import { auditCredits } from '#app/credits/audit.server.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import { CreditEntryModel } from '#models/credit-entry.server.ts'
import { settleAccount } from '#app/credits/settle.server.ts'
import { BillingHistoryModel } from '#models/billing-history.server.ts'
import { makeCallsMortal, mortal } from '#test/billing/lives/chaos.ts'
import { dispute } from '#test/billing/bank.ts'
import { advance, advanceToRenewal, follow } from '#test/billing/clock.ts'
import { chargesOf, subscriber, subscriptionIdOf } from '#test/billing/customers.ts'
import { usePlan } from '#test/billing/plan.ts'
import { aUser, creditsOf, Deliveries, historyOf, post, readUser, type PostedEvent } from '#test/billing/scenario.ts'
import { useStripe } from '#test/billing/stripe.ts'
import { useDatabase } from '#test/setup/database.ts'
import { endOf } from '../end-state.ts'
import { postGood } from '../event-versions.ts'

const context = useStripe()
useDatabase()
const line = new Deliveries(context)
const beginner = usePlan('Beginner')
afterEach(() => setNow(null))

describe('a machine in another time zone', () => {
  const zone = process.env.TZ
  afterEach(() => {
    if (zone === undefined) delete process.env.TZ
    else process.env.TZ = zone
  })
  const yearFrom = (start: Date): PlanLine => ({
    plan: { ...beginner, yearlyCredits: 'monthly', unusedCredits: 'expire' },
    kind: 'plan',
    id: 'il_1',
    interval: 'year',
    intervalCount: 1,
    amount: 10_000,
    unitAmount: '10000',
    quantity: 1,
    proration: false,
    periodStart: start,
    periodEnd: addMonths(start, 12),
  })
  // Around clock changes in America, Australia and Samoa, and around month ends.
  const starts = ['2026-03-08T09:59:00Z', '2026-03-29T00:30:00Z', '2026-10-31T23:30:00Z', '2028-02-29T12:00:00Z'].map(
    (text) => new Date(text),
  )
  const sharesOf = (start: Date) => creditsForInvoice([yearFrom(start)], { gracePeriodDays: 3 }).shares

  it.each(['America/Los_Angeles', 'Asia/Kolkata', 'Australia/Lord_Howe', 'Pacific/Apia'])(
    'the months of a yearly plan begin in the time zone %s as in UTC (4.2)',
    (name) => {
      process.env.TZ = 'UTC'
      const expected = starts.map(sharesOf)
      process.env.TZ = name
      expect(new Date('2026-01-01T00:00:00Z').getTimezoneOffset()).not.toBe(0)
      expect(starts.map(sharesOf)).toEqual(expected)
      for (const shares of expected) expect(shares).toHaveLength(12)
    },
  )
})

describe('a year in monthly shares', () => {
  it('a yearly plan in monthly shares has twelve windows of a month, and the audit is clean around each start (4.3, 4.4)', async () => {
    Object.assign(beginner, { yearlyCredits: 'monthly', unusedCredits: 'expire' })
    const user = await subscriber(line, { interval: 'year' })
    const windows = (await entriesOf(user._id)).flatMap(({ grant }) => (grant ? [grant] : []))
    expect(windows).toHaveLength(12)
    const DAY = 86_400_000
    for (const [index, { effectiveAt, expiresAt }] of windows.entries()) {
      const days = (expiresAt.getTime() - effectiveAt.getTime()) / DAY
      // A month and the grace period of three days; the first share starts at its payment.
      if (index > 0) expect(days).toBeGreaterThanOrEqual(28 + 3)
      expect(days).toBeLessThanOrEqual(31 + 3 + 0.01)
    }
    for (const { effectiveAt } of windows.slice(1, 5)) {
      for (const offset of [-1000, 0, 1000]) {
        setNow(() => new Date(effectiveAt.getTime() + offset))
        expect((await auditCredits()).violations).toEqual([])
        await getBalance(user._id)
        await settleAccount(user._id)
        expect((await auditCredits()).violations).toEqual([])
      }
    }
    expect((await auditGrants()).violations).toEqual([])
  })
})

async function entriesOf(accountId: Types.ObjectId) {
  await settleAccount(accountId)
  const rows = await CreditEntryModel.collection.find({ accountId }).sort({ seq: 1 }).toArray()
  return rows as unknown as { kind: string; grant?: { effectiveAt: Date; expiresAt: Date } }[]
}

describe('a late event of the subscription', () => {
  it('an event of the subscription that arrives late, twice or with old dates moves no expiry (4.8)', async () => {
    Object.assign(beginner, { unusedCredits: 'expire' })
    const user = await subscriber(line)
    await advanceToRenewal(context, user)
    await line.deliver()
    const expiries = async () => (await getBalance(user._id)).grants.map(({ expiresAt }) => expiresAt.getTime())
    const before = await expiries()
    expect(before.length).toBeGreaterThan(1)
    const changes = context.sandbox.events('customer.subscription.*') as unknown as PostedEvent[]
    const old = changes.map((event) => {
      const object = structuredClone(event.data.object) as { items: { data: Record<string, number>[] } }
      for (const item of object.items.data) Object.assign(item, { current_period_start: 1, current_period_end: 2 })
      return { ...event, data: { object } }
    })
    const mixed = [...changes, ...old].map((event) => ({ ...event, id: `evt_${randomUUID()}` })).reverse()
    await postGood(mixed)
    expect(await expiries()).toEqual(before)
    expect((await readUser(user._id)).subscription?.currentPeriodEnd?.getTime()).toBeGreaterThan(Date.now())
  })
})

describe('a process that dies in a handler', () => {
  let makeCallsImmortal: () => void
  beforeAll(() => {
    makeCallsImmortal = makeCallsMortal()
  })
  afterAll(() => makeCallsImmortal())

  const plan = async () => {
    follow(context)
    const user = await aUser()
    await line.buy({ user, plan: 'Beginner', interval: 'month' })
    return user
  }
  const pack = async () => {
    follow(context)
    const user = await aUser()
    await line.buy({ user, pack: '500' })
    return user
  }
  const events: [string, () => ReturnType<typeof aUser>, string][] = [
    ['a first payment', plan, 'invoice.paid'],
    ['a pack', pack, 'checkout.session.completed'],
    [
      'a refund that is reported first',
      async () => {
        const user = await plan()
        const [charge] = await chargesOf(context, user)
        await context.stripe.refunds.create({ charge: charge!.id, amount: 400 })
        return user
      },
      'charge.refunded',
    ],
    [
      'a dispute that is reported first',
      async () => {
        const user = await pack()
        dispute(context, (await chargesOf(context, user))[0]!.id)
        return user
      },
      'charge.dispute.created',
    ],
    [
      'the end of a plan',
      async () => {
        const user = await subscriber(line)
        await context.stripe.subscriptions.cancel(subscriptionIdOf(user))
        return user
      },
      'customer.subscription.deleted',
    ],
  ]

  it.each(events)(
    'a process that dies at any step of %s leaves what the next delivery completes (4.7, complaint 8)',
    { timeout: 240_000 },
    async (_, make, type) => {
      const undisturbed = await make()
      await postGood(line.take().filter((event) => event.type === type))
      const expected = await endOf(undisturbed)
      // Every third step, before and after it, because the whole run has dozens of calls.
      for (let calls = 1, isThrough = false; !isThrough; calls += 3) {
        const user = await make()
        const [event] = line.take().filter((one) => one.type === type)
        const body = JSON.stringify(event)
        isThrough = (await mortal(calls, calls % 2 === 0, () => post(body))).status === 200
        await postGood([event!])
        expect(await endOf(user), `died at call ${calls}`).toEqual(expected)
        expect(calls).toBeLessThan(200)
      }
    },
  )
})

describe('an event stored before it is processed', () => {
  it('an event that was stored and never processed is processed when it is sent again (complaint 7)', async () => {
    const user = await subscriber(line)
    advance(context, 32)
    const events = line.take()
    const isTheirs = ({ type, data }: PostedEvent) =>
      type === 'invoice.paid' && data.object.customer === user.stripeCustomerId
    const paid = events.find(isTheirs)!
    context.sandbox.faults.api = [{ failure: 500, match: 'GET /v1/invoices' }]
    expect((await post(JSON.stringify(paid))).status).toBe(500)
    context.sandbox.faults.reset()
    expect(await creditsOf(user)).toBe(1000)
    await postGood([paid])
    expect(await creditsOf(user)).toBe(2000)
  })
})

describe('a row that already exists', () => {
  it('a row that another process wrote first is kept, and the event is answered with 200 (complaint 9)', async () => {
    follow(context)
    const user = await aUser()
    await line.buy({ user, plan: 'Beginner', interval: 'month' })
    const [paid] = line.take().filter(({ type }) => type === 'invoice.paid')
    // As if another process were faster: when this one writes, the unique row exists.
    const updateOne = BillingHistoryModel.updateOne.bind(BillingHistoryModel)
    vi.spyOn(BillingHistoryModel, 'updateOne').mockImplementationOnce((async (
      ...args: Parameters<typeof updateOne>
    ) => {
      await updateOne(...args)
      throw new mongoose.mongo.MongoServerError({ message: 'E11000 duplicate key', code: 11_000 })
    }) as unknown as typeof BillingHistoryModel.updateOne)
    await postGood([paid!])
    vi.restoreAllMocks()
    expect(await BillingHistoryModel.countDocuments({ userId: user._id })).toBe(1)
    expect(await historyOf(user)).toMatchObject([{ creditsAdded: 1000 }])
  })
})

describe('the books', () => {
  it('the books balance after all these deliveries', async () => {
    setNow(() => new Date(context.sandbox.now() * 1000))
    expect((await auditGrants()).violations).toEqual([])
    expect((await auditCredits()).violations).toEqual([])
  })
})
