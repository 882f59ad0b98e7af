import { createServer, type Server } from 'node:http'
import { type AddressInfo } from 'node:net'
import mongoose from 'mongoose'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { listOffers } from '#app/billing/catalog/offers.ts'
import { setNow } from '#app/clock.server.ts'
import { ensurePrices } from '#app/billing/catalog/ensure-prices.server.ts'
import type { Config } from '#app/config.server.ts'
import { ensureIndexes } from '#app/database.server.ts'
import { examine } from '#app/doctor/examine.server.ts'
import type { Finding } from '#app/doctor/finding.ts'
import { action } from '#app/routes/api.webhook.ts'
import { UserModel } from '#models/user.server.ts'
import { WebhookEventModel } from '#models/webhook-event.server.ts'
import { useStripe, WEBHOOK_SECRET } from '../billing/stripe.ts'
import { startSmtpServer } from '../notifications/smtp-server.ts'
import { useDatabase } from '../setup/database.ts'

/** Settings that a test changes in the environment. */
const settings = vi.hoisted((): { changes: Partial<Config> } => ({ changes: {} }))
vi.mock('#app/config.server.ts', async (importOriginal) => {
  const module = await importOriginal<{ config: () => Config }>()
  return { ...module, config: () => ({ ...module.config(), ...settings.changes }) }
})

const context = useStripe()
useDatabase()
let app: Server
let appUrl: string
/** The webhook secret of the running app; the doctor uses that of the environment. */
let secretOfApp = WEBHOOK_SECRET
/** The status with which another server at the app's address answers webhooks. */
let otherAnswer: number | null = null

beforeAll(async () => {
  app = createServer((incoming, outgoing) => {
    let body = ''
    incoming.on('data', (chunk: Buffer) => (body += chunk.toString()))
    incoming.on('end', () => {
      if (incoming.url === '/healthz') return outgoing.end('{}')
      if (otherAnswer) return outgoing.writeHead(otherAnswer).end('<h1>Not for you</h1>')
      const before = settings.changes
      settings.changes = { ...before, stripe: { ...before.stripe!, webhookSecrets: [secretOfApp] } }
      const headers = { 'Stripe-Signature': String(incoming.headers['stripe-signature']) }
      const request = new Request(`${appUrl}/api/webhook`, { method: 'POST', headers, body })
      return void action({ request, params: {}, context: {} }).then(async (answer) => {
        settings.changes = before
        outgoing.writeHead(answer.status).end(await answer.text())
      })
    })
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => app.once('listening', resolve))
  appUrl = `http://127.0.0.1:${(app.address() as AddressInfo).port}`
})
afterAll(() => app.close())
afterEach(async () => {
  settings.changes = {}
  setNow(null)
  secretOfApp = WEBHOOK_SECRET
  otherAnswer = null
  for (const { id } of (await context.stripe.webhookEndpoints.list({ limit: 100 })).data) {
    await context.stripe.webhookEndpoints.del(id)
  }
})

/** A production installation with everything in order, apart from the changes. */
async function installation(changes: Partial<Config> = {}): Promise<void> {
  const { config } = await vi.importActual<{ config: () => Config }>('#app/config.server.ts')
  const { stripe } = config()
  settings.changes = { mode: 'production', isLocal: false, appUrl, stripe, ...changes }
}

const addEndpoint = (params: { url?: string; enabled_events?: string[]; api_version?: string } = {}) =>
  context.stripe.webhookEndpoints.create({
    url: `${appUrl}/api/webhook`,
    ...params,
    enabled_events: (params.enabled_events ?? ['*']) as '*'[],
    api_version: params.api_version as '2026-01-01.any' | undefined,
  } as Parameters<typeof context.stripe.webhookEndpoints.create>[0])

async function found(area: string): Promise<Finding[]> {
  const part = (await examine()).find((one) => one.area === area)
  return (part?.findings ?? []).filter(({ state }) => state !== 'ok')
}

const wordsOf = (findings: Finding[]) => findings.map(({ state, what }) => `${state}: ${what}`)

async function fixAll(area: string): Promise<string[]> {
  const done: string[] = []
  for (const { fix } of await found(area)) if (fix) done.push(await fix())
  return done
}

/** The time in Node's Date header, which tests cannot set. */
const realTime = () => performance.timeOrigin + performance.now()

test('the doctor says that all is well and nothing else', async () => {
  setNow(() => new Date(realTime()))
  await installation({ isLocal: true })
  await addEndpoint()
  const parts = await examine()
  const open = parts.flatMap(({ findings }) => findings).filter(({ state }) => state !== 'ok')

  expect(parts.map(({ area }) => area)).toEqual([
    ...['Settings', 'Address', 'Database', 'Stripe', 'Prices', 'Webhooks', 'Mail', 'Work'],
  ])
  // The test runs no jobs and no app.
  expect(wordsOf(open)).toEqual(['warning: No process runs the jobs.'])
})

test('a wrong clock that makes webhooks fail is reported', async () => {
  setNow(() => new Date(realTime() - 600_000))
  await installation()
  expect(wordsOf(await found('Stripe'))).toEqual(["error: This machine's clock is 10 minutes behind Stripe's."])
})

test('https with TRUST_PROXY at 0 is reported, because all customers would share one limit', async () => {
  await installation({ appUrl: 'https://scrip.example', trustedProxies: 0 })
  expect(wordsOf(await found('Settings'))).toEqual([
    'error: TRUST_PROXY is 0, and https://scrip.example is reached through a proxy.',
  ])
  await installation({ appUrl: 'https://scrip.example', trustedProxies: 1 })
  expect(await found('Settings')).toEqual([])
})

test('the tag of the installation is named, and another app that seems to share it', async () => {
  await installation()
  await addEndpoint()
  await addEndpoint({ url: 'https://staging.example/api/webhook' })
  await addEndpoint({ url: 'https://shop.example/stripe' })
  expect(wordsOf(await found('Webhooks'))).toEqual([
    'warning: This Stripe account also sends events to https://staging.example/api/webhook.',
  ])
  await installation({ installations: ['shop', 'scrip'] })
  const [named] = (await examine()).filter(({ area }) => area === 'Settings')
  expect(named?.findings.map(({ what }) => what)).toContain(
    'The tag of this installation at Stripe is “shop”; it also knows “scrip”.',
  )
  expect(await found('Webhooks')).toEqual([])
})

test('an app that does not answer at APP_URL is reported', async () => {
  await installation({ appUrl: 'http://127.0.0.1:9' })
  expect(wordsOf(await found('Address'))).toEqual(['error: Nothing answers at http://127.0.0.1:9.'])
})

test('a missing index is reported and built by --fix', async () => {
  await installation()
  await UserModel.collection.dropIndex('email_1')
  try {
    expect(wordsOf(await found('Database'))).toContain('error: Missing indexes: users.email_1 (unique).')
    await fixAll('Database')
    expect(wordsOf(await found('Database')).join()).not.toContain('indexes')
  } finally {
    await ensureIndexes()
  }
})

test('a standalone database server is a warning in production', async () => {
  await installation()
  expect(wordsOf(await found('Database'))).toContain('warning: The database is one server, without replication.')
})

test('a price that differs from the plan file is reported with both amounts', async () => {
  await installation()
  const [monthly] = listOffers()
  monthly!.price.amount += 100
  try {
    expect(wordsOf(await found('Prices'))).toEqual([
      expect.stringMatching(
        /^error: Beginner, monthly \(price_\w+\): the plan file says \$11\.00 per month, Stripe asks \$10\.00 per month\.$/,
      ),
    ])
    expect(await fixAll('Prices')).toEqual([])
  } finally {
    monthly!.price.amount -= 100
  }
})

test('a price with another interval or an archived product is reported', async () => {
  await installation()
  const { stripe } = context
  const [before] = (await stripe.prices.list({ lookup_keys: ['scrip_beginner_month'] })).data
  await stripe.prices.create({
    ...{ product: before!.product as string, unit_amount: 1000, currency: 'usd', lookup_key: 'scrip_beginner_month' },
    ...{ recurring: { interval: 'month', interval_count: 3 }, transfer_lookup_key: true },
  })
  await stripe.products.update('scrip_pack_500', { active: false })
  try {
    const [interval, product] = wordsOf(await found('Prices'))
    expect(interval).toContain('the plan file says $10.00 per month, Stripe asks $10.00 per 3 months.')
    expect(product).toMatch(/^error: The pack of 500 credits \(price_\w+\): its product is archived\.$/)
  } finally {
    await stripe.prices.update(before!.id, { lookup_key: 'scrip_beginner_month', transfer_lookup_key: true })
    await ensurePrices()
  }
  expect(await found('Prices')).toEqual([])
})

test('a price missing at Stripe is created by --fix, and no other is touched', async () => {
  await installation()
  const { stripe } = context
  const [price] = (await stripe.prices.list({ lookup_keys: ['scrip_pack_500'] })).data
  await stripe.prices.update(price!.id, { lookup_key: 'elsewhere', active: false })
  const before = await stripe.prices.list({ limit: 100 })

  expect(wordsOf(await found('Prices'))).toEqual([
    'error: The pack of 500 credits has no price at Stripe with the lookup key scrip_pack_500.',
  ])
  expect(await fixAll('Prices')).toEqual([
    expect.stringMatching(/^Created the price of The pack of 500 credits: price_/),
  ])
  expect(await found('Prices')).toEqual([])
  expect((await stripe.prices.list({ limit: 100 })).data).toHaveLength(before.data.length + 1)
})

test('a price id that Stripe does not know, such as one of the other mode, is reported', async () => {
  await installation()
  process.env.STRIPE_PRICE_PACK_500 = 'price_of_live_mode'
  try {
    expect(wordsOf(await found('Prices'))).toEqual([
      'error: STRIPE_PRICE_PACK_500 names price_of_live_mode, which Stripe does not know under this key.',
    ])
  } finally {
    delete process.env.STRIPE_PRICE_PACK_500
  }
})

test('a missing endpoint is reported; --fix creates one with every event and shows its secret', async () => {
  await installation()
  expect(wordsOf(await found('Webhooks'))).toEqual([`error: Stripe has no webhook endpoint for ${appUrl}/api/webhook.`])
  const [done] = await fixAll('Webhooks')

  expect(done).toMatch(/^Created the endpoint we_\w+\. Set STRIPE_WEBHOOK_SECRET=whsec_\w+ and restart the app/)
  expect(await found('Webhooks')).toEqual([])
})

test('an endpoint that is disabled, lacks events or sends an older version is reported, and --fix mends the first two', async () => {
  await installation()
  const { id } = await addEndpoint({ enabled_events: ['invoice.paid'], api_version: '2020-08-27' })
  await context.stripe.webhookEndpoints.update(id, { disabled: true })
  const words = wordsOf(await found('Webhooks'))
  expect(words).toEqual([
    `error: The endpoint ${id} is disabled.`,
    expect.stringMatching(/does not send checkout\.session\.completed, .*, charge\.dispute\.closed\.$/),
    expect.stringContaining('sends events of the version 2020-08-27'),
  ])
  expect(words[1]).not.toContain('invoice.paid,')

  await fixAll('Webhooks')
  expect(wordsOf(await found('Webhooks'))).toEqual([expect.stringContaining('2020-08-27')])
})

test('two endpoints with one address are reported', async () => {
  await installation()
  await addEndpoint()
  await addEndpoint()
  expect(wordsOf(await found('Webhooks'))).toEqual([
    expect.stringMatching(/^warning: 2 endpoints have the same address/),
  ])
})

test('an app with another webhook secret is reported, and the check leaves nothing behind', async () => {
  await installation()
  await addEndpoint()
  secretOfApp = 'whsec_another_secret_0123456789'
  expect(wordsOf(await found('Webhooks'))).toEqual([
    'error: The app refuses the signature of the first STRIPE_WEBHOOK_SECRET of this environment.',
  ])
  expect(await WebhookEventModel.countDocuments()).toBe(0)
})

test('another server at the app’s address is not taken for the app', async () => {
  await installation()
  await addEndpoint()
  otherAnswer = 403
  expect(wordsOf(await found('Webhooks'))).toEqual([
    `error: ${appUrl}/api/webhook answers 403, and not as this app does.`,
  ])
})

test('a working mail server passes, and one that does not answer is reported', async () => {
  const server = await startSmtpServer()
  await installation({ smtpUrl: server.url, smtpRequiresTls: false })
  expect(await found('Mail')).toEqual([])
  expect(server.taken).toEqual([])
  await server.close()
  expect(wordsOf(await found('Mail'))).toEqual([expect.stringMatching(/^error: The mail server refuses: /)])
})

test('events that were given up and jobs that no process runs are reported', async () => {
  await installation()
  const at = new Date('2026-04-08T10:00:00Z')
  const event = {
    _id: 'evt_dead',
    type: 'invoice.paid',
    payload: {},
    status: 'dead' as const,
    attempts: 12,
    receivedAt: at,
  }
  await WebhookEventModel.create(event)
  const jobs = mongoose.connection.collection('jobs')
  await jobs.insertOne({ name: 'reconcile', type: 'single', nextRunAt: new Date(at.getTime() - 3_600_000) })
  try {
    expect(wordsOf(await found('Work'))).toEqual([
      'warning: 1 webhook event was given up.',
      'error: No process runs the jobs; overdue: reconcile.',
    ])
  } finally {
    await WebhookEventModel.deleteMany({})
    await jobs.deleteMany({})
  }
})

test('a job whose last run failed is reported with the reason', async () => {
  await installation()
  const at = new Date()
  const jobs = mongoose.connection.collection('jobs')
  const job = { name: 'reconcile', type: 'single', nextRunAt: new Date(at.getTime() + 60_000) }
  await jobs.insertOne({ ...job, lastFinishedAt: at, failedAt: at, failReason: 'Stripe does not answer' })
  try {
    expect(wordsOf(await found('Work'))).toEqual([
      'warning: The last run of the job reconcile failed: Stripe does not answer',
    ])
  } finally {
    await jobs.deleteMany({})
  }
})

test('a Stripe that does not answer is one finding, and the other checks still run', async () => {
  setNow(() => new Date(realTime()))
  await installation()
  settings.changes.stripe = { ...settings.changes.stripe!, apiBase: 'http://127.0.0.1:9' }
  const parts = await examine()
  expect(parts.map(({ area }) => area)).toEqual(['Settings', 'Address', 'Database', 'Stripe', 'Mail', 'Work'])
  expect(wordsOf(await found('Stripe'))).toEqual([expect.stringMatching(/^error: This could not be checked: /)])
})
