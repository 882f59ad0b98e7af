import { randomUUID } from 'node:crypto'
import type { Types } from 'mongoose'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { beginRound } from '#app/billing/entitlements/expiry-checks.server.ts'
import { renewsAt } from '#app/billing/entitlements/current-plan.ts'
import { notifyExpiring } from '#app/billing/entitlements/expiry-notices.server.ts'
import { now, setNow } from '#app/clock.server.ts'
import { openAccount } from '#app/credits/account.server.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import { grantCredits, type GrantRequest } from '#app/credits/grant.server.ts'
import { placeHold } from '#app/credits/hold.server.ts'
import { freshKey } from '#app/credits/keys.ts'
import { lossesAhead } from '#app/credits/losses.ts'
import { spendCredits } from '#app/credits/spend.server.ts'
import { runUpkeep } from '#app/credits/upkeep.server.ts'
import { CreditAccountModel } from '#models/credit-account.server.ts'
import { JobCursorModel } from '#models/job-cursor.server.ts'
import { NotificationModel } from '#models/notification.server.ts'
import { type User, UserModel } from '#models/user.server.ts'
import { useDatabase } from '#test/setup/database.ts'

/* What is announced between two daily rounds, which look at all accounts. */

useDatabase()

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const START = new Date('2026-05-06T09:00:00Z')

const at = (ms: number) => setNow(() => new Date(START.getTime() + ms))
const after = (ms: number) => new Date(now().getTime() + ms)

beforeEach(async () => {
  for (const model of [CreditAccountModel, JobCursorModel, NotificationModel, UserModel]) {
    await model.collection.deleteMany({})
  }
  at(0)
})
afterEach(() => setNow(null))

const active = (currentPeriodEnd: Date, cancelAtPeriodEnd = false) => ({
  ...{ stripeSubscriptionId: 'sub_1', plan: 'Beginner', status: 'active', version: randomUUID() },
  ...{ currentPeriodEnd, cancelAtPeriodEnd },
})

async function customer(): Promise<Types.ObjectId> {
  const fields = { email: `${randomUUID()}@example.com`, passwordHash: 'none', createdAt: now() }
  const { _id } = await UserModel.create(fields)
  await openAccount(_id, { welcomeCredits: 0 })
  return _id
}

/** Stores a subscription as a sync does. */
const store = (_id: Types.ObjectId, subscription: object) =>
  UserModel.updateOne({ _id }, { $set: { subscription, subscriptionChangedAt: now() } })

const grant = (accountId: Types.ObjectId, terms: Partial<GrantRequest>) =>
  grantCredits(accountId, [
    { key: `test:${randomUUID()}`, credits: 100, source: { type: 'admin', id: 'test' }, ...terms },
  ])

/** What the jobs do; returns how many users were looked at. */
async function round(): Promise<number> {
  await runUpkeep()
  return (await notifyExpiring()).users
}

async function announced(): Promise<string[]> {
  const mails = await NotificationModel.find({ kind: 'credits_expiring' }).sort({ _id: 1 }).lean()
  return mails.map(({ _id }) => _id.slice('credits_expiring:'.length))
}
const daysAnnounced = async () => (await announced()).map((key) => Number(key.split(':')[2])).sort()

describe('between two daily rounds', () => {
  it('a mail is queued when its time comes, a week and a day ahead', async () => {
    const expiry = 7 * DAY_MS + 5 * HOUR_MS
    await grant(await customer(), { expiresAt: after(expiry) })
    await runUpkeep()
    at(10 * MINUTE_MS)
    await round()

    at(5 * HOUR_MS - MINUTE_MS)
    expect(await round()).toBe(0)
    expect(await daysAnnounced()).toEqual([])
    at(5 * HOUR_MS)
    await round()
    expect(await daysAnnounced()).toEqual([7])

    at(expiry - DAY_MS - 10 * HOUR_MS)
    await round()
    at(expiry - DAY_MS - MINUTE_MS)
    expect(await round()).toBe(0)
    expect(await daysAnnounced()).toEqual([7])
    at(expiry - DAY_MS)
    await round()
    expect(await daysAnnounced()).toEqual([1, 7])
  })

  it('a mail is queued although another change of the account comes first', async () => {
    const accountId = await customer()
    await grant(accountId, { effectiveAt: after(2 * DAY_MS) })
    await grant(accountId, { expiresAt: after(7 * DAY_MS + 5 * HOUR_MS) })
    await round()

    at(5 * HOUR_MS)
    await round()
    expect(await daysAnnounced()).toEqual([7])
  })

  it('credits that were just granted and expire soon are announced', async () => {
    const accountId = await customer()
    await round()

    at(HOUR_MS)
    await grant(accountId, { expiresAt: after(20 * HOUR_MS) })
    at(HOUR_MS + 10 * MINUTE_MS)
    await round()
    expect(await daysAnnounced()).toEqual([1])
  })

  it('a renewal that caps credits is announced when a cancellation is undone', async () => {
    const accountId = await customer()
    const renewal = after(3 * DAY_MS)
    await store(accountId, active(renewal, true))
    const rollover = { plan: 'Beginner', limit: 30, periodStart: START, renews: true }
    await grant(accountId, { rollover })
    await round()

    at(HOUR_MS)
    await store(accountId, active(renewal))
    at(HOUR_MS + 10 * MINUTE_MS)
    await round()
    expect(await daysAnnounced()).toEqual([7])
  })

  it('credits that a missed renewal would have capped are announced for the next cap', async () => {
    const accountId = await customer()
    await store(accountId, active(after(5 * HOUR_MS)))
    const rollover = { plan: 'Beginner', limit: 30, periodStart: START, renews: true }
    await grant(accountId, { rollover })
    await grant(accountId, {
      effectiveAt: after(2 * DAY_MS),
      rollover: { ...rollover, periodStart: after(2 * DAY_MS) },
    })
    await round()
    expect(await daysAnnounced()).toEqual([1])

    at(5 * HOUR_MS)
    await round()
    expect(await daysAnnounced()).toEqual([1, 7])
  })

  it('no user is checked when nothing is new', async () => {
    for (const days of [3, 6, 20]) await grant(await customer(), { expiresAt: after(days * DAY_MS) })
    await runUpkeep()
    at(10 * MINUTE_MS)
    expect(await round()).toBe(2)

    at(20 * MINUTE_MS)
    expect(await round()).toBe(0)
  })
})

describe('what goes wrong', () => {
  it('an account that could not be checked is tried again', async () => {
    const accountId = await customer()
    await grant(accountId, { expiresAt: after(3 * DAY_MS) })
    await runUpkeep()
    const sound = await CreditAccountModel.collection.findOne({ _id: accountId })
    await CreditAccountModel.collection.updateOne(
      { _id: accountId },
      { $unset: { grants: true } },
      { bypassDocumentValidation: true },
    )
    expect(await notifyExpiring()).toMatchObject({ failed: 1, queued: 0 })

    await CreditAccountModel.collection.replaceOne({ _id: accountId }, sound!)
    at(10 * MINUTE_MS)
    expect(await notifyExpiring()).toMatchObject({ failed: 0, queued: 1 })
    expect(await notifyExpiring()).toMatchObject({ users: 0 })
  })

  it('a process that dies in a round leaves everything to the next one', async () => {
    await grant(await customer(), { expiresAt: after(3 * DAY_MS) })
    await runUpkeep()
    for await (const { accountIds } of (await beginRound(now())).batches) expect(accountIds).toHaveLength(1)

    await round()
    expect(await daysAnnounced()).toEqual([7])
  })

  it('a round by a clock that is ahead hides no change from the others', async () => {
    const accountId = await customer()
    at(5 * HOUR_MS)
    await round()

    at(0)
    await grant(accountId, { expiresAt: after(3 * DAY_MS) })
    at(10 * MINUTE_MS)
    await round()
    expect(await daysAnnounced()).toEqual([7])
  })

  it('an edit that no change reports is announced within a day', async () => {
    const accountId = await customer()
    const rollover = { plan: 'Beginner', limit: 30, periodStart: START, renews: true }
    await grant(accountId, { rollover })
    await runUpkeep()
    at(HOUR_MS)
    await round()
    await UserModel.updateOne({ _id: accountId }, { $set: { subscription: active(after(3 * DAY_MS)) } })

    at(10 * HOUR_MS)
    await round()
    expect(await daysAnnounced()).toEqual([])
    at(DAY_MS + HOUR_MS)
    await round()
    expect(await daysAnnounced()).toEqual([7])
  })
})

/** Numbers that look random and are the same in each run. */
function numbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** The mails that are due by the accounts as they are. */
async function dueKeys(accountIds: Types.ObjectId[]): Promise<string[]> {
  const keys: string[] = []
  for (const id of accountIds) {
    const user = await UserModel.findById(id).lean<User>()
    const losses = lossesAhead(await getBalance(id), { now: now(), renewsAt: renewsAt(user!.subscription, now()) })
    for (const loss of losses) {
      const ahead = loss.at.getTime() - now().getTime()
      if (ahead <= 7 * DAY_MS) keys.push(`${id.toHexString()}:${loss.at.getTime() / 1000}:${ahead <= DAY_MS ? 1 : 7}`)
    }
  }
  return keys
}

it.each([1, 2, 3])(
  'random grants, spends, holds and plan changes queue the same mails as checking every account each time (%i)',
  async (seed) => {
    const below = numbers(seed)
    const accountIds = [await customer(), await customer(), await customer()]
    const expected = new Set<string>()
    const rollover = () => ({ plan: 'Beginner', limit: 30, periodStart: now(), renews: below(2) === 0 })
    const deeds = [
      (id: Types.ObjectId) => grant(id, { expiresAt: after((1 + below(14 * 24)) * HOUR_MS) }),
      (id: Types.ObjectId) => grant(id, { effectiveAt: after((1 + below(10 * 24)) * HOUR_MS), rollover: rollover() }),
      (id: Types.ObjectId) => grant(id, { rollover: rollover() }),
      (id: Types.ObjectId) => spendCredits({ accountId: id, credits: 1 + below(150), action: 'x' }).catch(() => null),
      (id: Types.ObjectId) =>
        placeHold({
          accountId: id,
          key: freshKey('hold'),
          credits: 50,
          action: 'x',
          ttlMs: below(24) * HOUR_MS + MINUTE_MS,
        }).catch(() => null),
      (id: Types.ObjectId) => store(id, active(after((1 + below(12 * 24)) * HOUR_MS), below(3) === 0)),
    ]
    let time = 0
    for (let step = 0; step < 60; step++) {
      time += [10 * MINUTE_MS, HOUR_MS, 5 * HOUR_MS, 13 * HOUR_MS, 30 * HOUR_MS][below(5)]!
      at(time)
      if (below(2) === 0) await deeds[below(deeds.length)]!(accountIds[below(3)]!)
      await round()
      for (const key of await dueKeys(accountIds)) expected.add(key)
      expect(await announced(), `step ${step}`).toEqual([...expected].sort())
    }
    expect(expected.size).toBeGreaterThan(5)
  },
)
