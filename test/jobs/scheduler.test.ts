import { setTimeout as sleep } from 'node:timers/promises'
import mongoose from 'mongoose'
import { afterEach, describe, expect, test } from 'vitest'
import { moveClock, resetClock, setNow } from '#app/clock.server.ts'
import { openAccount } from '#app/credits/account.server.ts'
import { freshKey } from '#app/credits/keys.ts'
import { spendCredits } from '#app/credits/spend.server.ts'
import { mongoStore } from '#app/credits/store.server.ts'
import { recurringJobs } from '#app/jobs/job-list.server.ts'
import { jobScheduler } from '#app/jobs/scheduler.server.ts'
import { useStripe } from '#test/billing/stripe.ts'
import { useDatabase } from '#test/setup/database.ts'

useDatabase()
useStripe()
afterEach(() => setNow(null))

describe('jobScheduler', () => {
  test('the log of an account is posted by the job, with two processes on one database', async () => {
    const accountId = new mongoose.Types.ObjectId()
    await openAccount(accountId, { welcomeCredits: 25 })
    await spendCredits({ accountId, key: freshKey('spend'), credits: 1, action: 'x' })
    const schedulers = [jobScheduler(), jobScheduler()]

    for (const scheduler of schedulers) await scheduler.start()
    const posted = await waitFor(async () => (await mongoStore.findAccount(accountId))?.posted === 2)
    for (const scheduler of schedulers) await scheduler.stop()

    expect(posted).toBe(true)
    const jobs = await mongoose.connection.collection('jobs').find({ name: 'credit-upkeep' }).toArray()
    expect(jobs).toHaveLength(1)
  })

  test('a failed job runs again', async () => {
    let runs = 0
    const scheduler = jobScheduler([
      {
        name: 'fails-once',
        every: '1 second',
        run: async () => {
          runs++
          if (runs === 1) throw new Error('the first run fails')
          return 'fine'
        },
      },
    ])

    await scheduler.start()
    const cameBack = await waitFor(async () => runs >= 2)
    await scheduler.stop()

    expect(cameBack).toBe(true)
  })

  test('a job whose hour the sandbox’s clock skips still runs, without waiting for the machine’s clock', async () => {
    let runs = 0
    const scheduler = jobScheduler([{ name: 'hourly', every: '1 hour', run: async () => `run ${++runs}` }])

    await scheduler.start()
    await waitFor(async () => runs >= 1, 5_000)
    const before = runs
    moveClock(2 * 60 * 60 * 1000)
    const ran = await waitFor(async () => runs > before)
    await scheduler.stop()
    resetClock()

    expect(ran).toBe(true)
  })

  test('every job returns a sentence', async () => {
    for (const job of recurringJobs) expect(await job.run()).toMatch(/\w+ \w+/)
  })
})

async function waitFor(condition: () => Promise<boolean>, withinMs = 20_000): Promise<boolean> {
  const end = Date.now() + withinMs
  while (Date.now() < end) {
    if (await condition()) return true
    await sleep(100)
  }
  return false
}
