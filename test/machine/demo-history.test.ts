import { createServer } from 'node:http'
import { afterEach, expect, inject, test } from 'vitest'
import { auditGrants } from '#app/billing/purchases/audit-grants.server.ts'
import { auditCredits } from '#app/credits/audit.server.ts'
import { connectDatabase, disconnectDatabase } from '#app/database.server.ts'
import { BillingHistoryModel } from '#models/billing-history.server.ts'
import { CreditEntryModel } from '#models/credit-entry.server.ts'
import { PaymentModel } from '#models/payment.server.ts'
import { type User, UserModel } from '#models/user.server.ts'
import { prepareDatabase } from '../../scripts/local/services.mjs'
import { type Installation, startInstallation } from '../setup/app-processes.ts'

const DAY_MS = 86_400_000

let installation: Installation | null = null

afterEach(async () => {
  await disconnectDatabase()
  await installation?.stop()
  installation = null
})

async function start(options: { historyDays: number; apps?: number; prepared?: boolean }): Promise<Installation> {
  installation = await startInstallation({ ...options, mongodbUri: inject('mongodbUri') })
  await connectDatabase(installation.mongodbUri)
  return installation
}

const demo = () => UserModel.findOne({ email: 'demo@example.com' }).lean<User>()

async function clockOf({ sandboxUrl }: Installation): Promise<{ now: number; offset: number }> {
  return (await (await fetch(`${sandboxUrl}/_sandbox/clock`)).json()) as { now: number; offset: number }
}

test('the demo user has bought, used, changed plan and renewed in the months before the first start', async () => {
  const { sandboxUrl } = await start({ historyDays: 75 })
  const user = await demo()
  const rows = await BillingHistoryModel.find({ userId: user?._id }).sort({ transactionDate: 1 }).lean()
  const packs = await PaymentModel.find({ userId: user?._id }).lean()
  const entries = await CreditEntryModel.collection.find({ accountId: user?._id }).toArray()
  const ageInDays = (at: Date | undefined) => Math.round((Date.now() - (at?.getTime() ?? 0)) / DAY_MS)

  expect(user?.subscription).toMatchObject({ plan: 'Daily', status: 'active' })
  expect(rows.map(({ planName, amount }) => [planName, amount])).toEqual([
    ['Beginner', 1000],
    ['Beginner', 1000],
    ['Daily', expect.any(Number)],
    ['Daily', 1800],
  ])
  expect(packs).toMatchObject([{ creditsAdded: 500, amountRefunded: 120 }])
  expect(ageInDays(user?.createdAt)).toBe(75)
  expect(ageInDays(rows[0]?.transactionDate)).toBe(72)
  expect(new Set(entries.map(({ kind }) => kind as string))).toEqual(
    new Set(['grant', 'hold', 'capture', 'spend', 'reversal']),
  )
  expect((await auditCredits()).violations).toEqual([])
  expect(await auditGrants()).toMatchObject({ violations: [], unfinished: [] })
  const answer = await fetch(`${sandboxUrl}/_sandbox/deliveries`)
  const { deliveries } = (await answer.json()) as { deliveries: { state: string }[] }
  expect(new Set(deliveries.map(({ state }) => state))).toEqual(new Set(['delivered']))
})

test('after the history the clock is the machine’s, and the app follows it', async () => {
  const running = await start({ historyDays: 5 })
  const { offset } = await clockOf(running)

  expect(offset).toBeGreaterThanOrEqual(0)
  expect(offset).toBeLessThan(60)
  await fetch(`${running.sandboxUrl}/_sandbox/clock`, { method: 'POST', body: JSON.stringify({ days: 40 }) })
  await expect
    .poll(async () => (await demo())?.subscription?.currentPeriodEnd?.getTime() ?? 0)
    .toBeGreaterThan(Date.now() + 40 * DAY_MS)
})

test('a second start adds nothing, and an interrupted one leaves no clock in the past', async () => {
  const half = await start({ historyDays: 20, apps: 0, prepared: false })
  const environment = {
    SCRIP_MODE: 'local',
    MONGODB_URI: half.mongodbUri,
    APP_URL: half.url,
    STRIPE_SECRET_KEY: half.secrets.stripeSecretKey,
    STRIPE_WEBHOOK_SECRET: half.secrets.webhookSecret,
    SESSION_SECRET: 'a session secret of the tests',
    STRIPE_API_BASE: half.sandboxUrl,
  }
  // Another server listens at the address of the webhooks.
  const other = createServer().listen(Number(new URL(half.url).port), 'localhost')
  const demoPassword = 'demo-password-1'
  expect(await prepareDatabase({ environment, demoPassword })).toContain('demo user without a history')
  await new Promise((resolve) => other.close(resolve))
  expect((await clockOf(half)).offset).toBeGreaterThanOrEqual(0)

  expect(await prepareDatabase({ environment, demoPassword })).toMatch(/demo user$/)
  expect(await BillingHistoryModel.countDocuments()).toBe(0)
})
