import { afterEach, describe, expect, test, vi } from 'vitest'
import { setNow } from '#app/clock.server.ts'
import { openAccount } from '#app/credits/account.server.ts'
import { grantCredits } from '#app/credits/grant.server.ts'
import { captureHold, placeHold } from '#app/credits/hold.server.ts'
import { freshKey } from '#app/credits/keys.ts'
import { spendCredits } from '#app/credits/spend.server.ts'
import { runUpkeep } from '#app/credits/upkeep.server.ts'
import { notifyBalances } from '#app/notifications/balance-news.server.ts'
import { saveSettings, turnOff } from '#app/notifications/settings.server.ts'
import { DEFAULT_SETTINGS } from '#app/notifications/settings.ts'
import { NotificationModel } from '#models/notification.server.ts'
import type { User } from '#models/user.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { later, MAY, newReader } from './outbox.ts'

useDatabase()
afterEach(() => setNow(null))

const DAY_MS = 24 * 60 * 60 * 1000
let count = 0

async function newOwner(credits: number): Promise<User> {
  setNow(() => MAY)
  const user = await newReader()
  await openAccount(user._id, { welcomeCredits: 0 })
  await grant(user, credits)
  return user
}

const grant = (user: User, credits: number, effectiveAt?: Date) =>
  grantCredits(user._id, [
    { key: `stripe:invoice:in_${count}`, credits, source: { type: 'invoice', id: `in_${count++}` }, effectiveAt },
  ])

const spend = (user: User, credits: number) =>
  spendCredits({ accountId: user._id, key: freshKey('spend'), credits, action: 'x' })

/** Runs the two jobs one after the other. */
async function runJobs(): Promise<void> {
  await runUpkeep()
  await notifyBalances()
}

const mailsTo = (user: User, kind = 'credits_low') =>
  NotificationModel.find({ userId: user._id, kind }).sort({ createdAt: 1, _id: 1 }).lean()

describe('the low-credits mail', () => {
  test('one mail is sent when the balance falls below the threshold, however often it is checked', async () => {
    const user = await newOwner(150)
    await spend(user, 40)
    await runJobs()
    expect(await mailsTo(user)).toHaveLength(0)

    await spend(user, 20)
    await runJobs()
    await Promise.all([notifyBalances(), notifyBalances()])
    await spend(user, 5)
    await runJobs()

    const mails = await mailsTo(user)
    expect(mails.map(({ data }) => data)).toEqual([{ credits: 90, threshold: 100, arrival: null, renewsAt: null }])
  })

  test('another mail is sent only after the balance was above', async () => {
    const user = await newOwner(150)
    await spend(user, 60)
    await runJobs()
    await grant(user, 5)
    await spend(user, 1)
    await runJobs()
    expect(await mailsTo(user)).toHaveLength(1)

    await grant(user, 50)
    await runJobs()
    await spend(user, 60)
    await runJobs()
    expect(await mailsTo(user)).toHaveLength(2)
  })

  test('a crossing is found in the log and in the ledger alike', async () => {
    const user = await newOwner(150)
    await runUpkeep()
    await spend(user, 60)
    await notifyBalances()
    await runUpkeep()
    await notifyBalances()

    expect(await mailsTo(user)).toHaveLength(1)
  })

  test('no mail is sent to a user who started below, nor for a dip that is over', async () => {
    const beginner = await newOwner(25)
    const refilled = await newOwner(150)
    await spend(beginner, 5)
    await spend(refilled, 100)
    await grant(refilled, 500)
    await runJobs()

    expect(await mailsTo(beginner)).toHaveLength(0)
    expect(await mailsTo(refilled)).toHaveLength(0)
  })

  test('held credits do not count as gone', async () => {
    const user = await newOwner(150)
    const { holdId } = await placeHold({ accountId: user._id, key: freshKey('hold'), credits: 100, action: 'x' })
    await runJobs()
    expect(await mailsTo(user)).toHaveLength(0)

    await captureHold({ accountId: user._id, holdId, credits: 70 })
    await runJobs()
    expect(await mailsTo(user)).toHaveLength(1)
  })

  test('the user’s own threshold applies, and raising it above the balance is no crossing', async () => {
    const user = await newOwner(1000)
    await saveSettings(user._id, { ...DEFAULT_SETTINGS, creditsLowThreshold: 500 })
    later(1000)
    await spend(user, 501)
    await runJobs()
    expect((await mailsTo(user)).map(({ data }) => data.threshold)).toEqual([500])

    later(1000)
    await saveSettings(user._id, { ...DEFAULT_SETTINGS, creditsLowThreshold: 800 })
    later(1000)
    await spend(user, 1)
    await runJobs()
    expect(await mailsTo(user)).toHaveLength(1)
  })

  test('no mail is sent if it is turned off, or for a crossing of the day before', async () => {
    const off = await newOwner(150)
    await turnOff(off._id, 'creditsLow')
    await spend(off, 100)
    const old = await newOwner(150)
    await spend(old, 100)
    later(2 * DAY_MS)
    await runJobs()

    expect(await mailsTo(off)).toHaveLength(0)
    expect(await mailsTo(old)).toHaveLength(0)
  })

  test('the mail names the next credits that arrive without a purchase', async () => {
    const user = await newOwner(150)
    await grant(user, 1000, new Date('2026-06-01T10:00:00Z'))
    await runUpkeep()
    await spend(user, 100)
    await runJobs()

    expect((await mailsTo(user))[0]?.data.arrival).toEqual({ credits: 1000, at: new Date('2026-06-01T10:00:00Z') })
  })
})

describe('the credits-arrived mail', () => {
  test('one mail is sent when a monthly share of a yearly plan starts, and none for the payment itself', async () => {
    const user = await newOwner(1000)
    await grant(user, 1000, new Date(MAY.getTime() + 30 * DAY_MS))
    await runJobs()
    expect(await mailsTo(user, 'credits_arrived')).toHaveLength(0)

    later(30 * DAY_MS + 1000)
    await runJobs()
    await runJobs()

    const mails = await mailsTo(user, 'credits_arrived')
    expect(mails.map(({ data }) => data)).toEqual([
      { credits: 1000, balance: 2000, description: 'Your plan’s credits for this month', expiresAt: null },
    ])
  })
})

describe('the job that checks balances', () => {
  const MINUTE_MS = 60 * 1000

  test('an account is checked after it changed, and not again each minute', async () => {
    const user = await newOwner(150)
    // After all that the other tests have done.
    later(100 * DAY_MS)
    await spend(user, 1)
    await runUpkeep()
    expect((await notifyBalances()).accounts).toBeGreaterThan(0)
    later(5 * MINUTE_MS)
    await notifyBalances()

    later(5 * MINUTE_MS)
    expect(await notifyBalances()).toEqual({ accounts: 0, queued: 0, failed: 0 })
  })

  test('an account that changed while the job did not run is checked when it runs again', async () => {
    const user = await newOwner(150)
    await runJobs()
    later(MINUTE_MS)
    await spend(user, 60)
    await runUpkeep()

    later(3 * 60 * MINUTE_MS)
    await notifyBalances()

    expect(await mailsTo(user)).toHaveLength(1)
  })

  test('an account that could not be checked is checked by the next run', async () => {
    const user = await newOwner(150)
    await spend(user, 60)
    await runUpkeep()
    const write = vi
      .spyOn(NotificationModel.collection, 'updateOne')
      .mockRejectedValue(new Error('The database is away'))
    const failing = await notifyBalances()
    write.mockRestore()
    expect(failing.failed).toBeGreaterThan(0)

    later(2 * MINUTE_MS)
    await notifyBalances()

    expect(await mailsTo(user)).toHaveLength(1)
  })
})
