import Stripe from 'stripe'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { auditGrants } from '#app/billing/purchases/audit-grants.server.ts'
import { auditCredits } from '#app/credits/audit.server.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import { connectDatabase, disconnectDatabase } from '#app/database.server.ts'
import { BillingHistoryModel } from '#models/billing-history.server.ts'
import { UserModel } from '#models/user.server.ts'
import { type Installation, startInstallation } from '#test/setup/app-processes.ts'

/*
 * Three app processes on one database, with Stripe's events sent to all of them at once, tested over HTTP only.
 */

let installation: Installation

beforeAll(async () => {
  installation = await startInstallation({ apps: 3, mongodbUri: inject('mongodbUri') })
  await connectDatabase(installation.mongodbUri)
})

afterAll(async () => {
  await disconnectDatabase()
  await installation.stop()
})

describe('three processes on one database', () => {
  test('the same paid event 50 times at once over three processes makes one grant, one row and an exact balance', async () => {
    // The sandbox delivers nothing by itself, because the test does.
    await sandbox('faults', { deliveries: { drop: 1 } })
    const { cookie, email } = await signUp()
    const url = await checkout(cookie, { plan: 'Daily', interval: 'month' })
    await sandbox('checkout', { session: /cs_[A-Za-z0-9_]+/.exec(url)?.[0], card: '4242424242424242' })
    const events = await eventsOf('invoice.paid')
    const event = events.at(-1)
    // Stripe can report one invoice under two event ids and two types.
    const twin = { ...event, id: 'evt_another_id_of_the_same', type: 'invoice.payment_succeeded' }

    const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => deliver(n % 3, n % 4 === 3 ? twin : event)))

    // 500 asks Stripe to retry; by then the event is processed, and the answer is 200.
    expect(answers.filter((status) => status !== 200 && status !== 500)).toEqual([])
    expect(await deliver(0, event)).toBe(200)
    expect(await deliver(1, twin)).toBe(200)
    const user = await UserModel.findOne({ email }).lean()
    const rows = await BillingHistoryModel.find({ userId: user?._id }).lean()
    expect(rows).toHaveLength(1)
    expect(rows[0]).toMatchObject({
      planName: 'Daily',
      interval: 'month',
      amount: 1800,
      currency: 'usd',
      creditsAdded: 2000,
    })
    expect((await getBalance(user!._id)).credits).toBe(2025)
    expect(user?.subscription).toMatchObject({ plan: 'Daily', status: 'active' })
    expect((await auditCredits()).violations).toEqual([])
    expect((await auditGrants()).violations).toEqual([])
  })

  test.each([
    ['a wrong signature', (body: string) => ({ body, signature: sign(body, { secret: 'whsec_wrong' }) })],
    ['no signature', (body: string) => ({ body, signature: null })],
    [
      'a body changed by one byte',
      (body: string) => ({ body: body.replace('"event"', '"evenT"'), signature: sign(body) }),
    ],
    ['a timestamp six minutes old', (body: string) => ({ body, signature: sign(body, { secondsAgo: 360 }) })],
  ])(
    'an event with a bad signature (%s) is answered with 400 by each process and writes nothing',
    async (_what, forge) => {
      // Deliveries of earlier purchases may still be under way.
      await sandbox('idle', {})
      const before = await counts()
      const body = JSON.stringify({
        id: 'evt_forged',
        object: 'event',
        type: 'invoice.paid',
        data: { object: { id: 'in_x' } },
      })
      const { body: sent, signature } = forge(body)

      const response = await post(0, sent, signature)

      expect(response.status).toBe(400)
      expect(await counts()).toEqual(before)
    },
  )
})

async function counts() {
  const db = UserModel.db.db!
  const names = ['webhook_events', 'billing_history', 'credit_entries', 'payments']
  return Promise.all(names.map((name) => db.collection(name).countDocuments()))
}

async function signUp(): Promise<{ cookie: string; email: string }> {
  const email = `payer-${Date.now()}@scrip.test`
  const body = new URLSearchParams({ email, password: 'a short sentence works well', name: 'Payer' })
  const response = await fetch(`${installation.url}/signup`, { method: 'POST', body, redirect: 'manual' })
  const cookie = response.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ')
  return { cookie, email }
}

async function checkout(cookie: string, choice: object): Promise<string> {
  const response = await fetch(`${installation.url}/api/checkout`, {
    method: 'POST',
    headers: { Cookie: cookie, 'Content-Type': 'application/json' },
    body: JSON.stringify(choice),
  })
  expect(response.status).toBe(200)
  return ((await response.json()) as { url: string }).url
}

async function sandbox(path: string, body: object): Promise<void> {
  const response = await fetch(`${installation.sandboxUrl}/_sandbox/${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
}

async function eventsOf(type: string): Promise<Record<string, unknown>[]> {
  const response = await fetch(`${installation.sandboxUrl}/_sandbox/events?type=${type}`)
  return ((await response.json()) as { events: Record<string, unknown>[] }).events
}

function sign(payload: string, { secret = installation.secrets.webhookSecret, secondsAgo = 0 } = {}): string {
  const timestamp = Math.floor(Date.now() / 1000) - secondsAgo
  return Stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp })
}

async function deliver(app: number, event: object | undefined): Promise<number> {
  const body = JSON.stringify(event)
  return (await post(app, body, sign(body))).status
}

function post(app: number, body: string, signature: string | null): Promise<Response> {
  const headers = { 'Content-Type': 'application/json', ...(signature && { 'Stripe-Signature': signature }) }
  return fetch(`${installation.apps[app]?.url}/api/webhook`, { method: 'POST', headers, body })
}
