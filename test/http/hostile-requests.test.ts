import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { BillingHistoryModel } from '#models/billing-history.server.ts'
import { CreditEntryModel } from '#models/credit-entry.server.ts'
import { builtRoutes, PASSWORD } from './served-app.ts'
import { newCustomer } from './a-customer.ts'
import { collection, useWatchedApp } from './watched-app.ts'

const app = useWatchedApp()

const EVIL = {
  Host: 'evil.example:1',
  'X-Forwarded-Host': 'evil.example:1',
  'X-Forwarded-Port': '666',
  'X-Forwarded-Proto': 'gopher',
  Forwarded: 'host=evil.example:1',
  'X-Original-URL': 'http://evil.example/',
}

/** A form post with headers that fetch does not send, such as another Host. */
function postRaw(path: string, fields: Record<string, string>, headers: Record<string, string>): Promise<string> {
  const body = new URLSearchParams(fields).toString()
  const all = {
    ...headers,
    'Content-Type': 'application/x-www-form-urlencoded',
    'Content-Length': String(body.length),
    Connection: 'close',
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return app.sendRaw(`POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`)
}

test('a forged Host gets into no mail, no redirect and no form’s page (5.3)', async () => {
  const { email } = await app.signUp()
  const answers = [
    await postRaw('/forgot-password', { email }, EVIL),
    await postRaw('/login', { email, password: PASSWORD }, EVIL),
    await postRaw('/login', { email, password: 'wrong' }, EVIL),
    await postRaw('/pricing', { plan: 'Beginner', interval: 'month' }, EVIL),
  ]
  expect(answers.map((answer) => answer.slice(9, 12))).toEqual(['200', '302', '401', '302'])
  for (const answer of answers) expect(answer).not.toMatch(/evil\.example|gopher:|:666/)

  const mails = () => collection('mailbox').find({ to: email }).toArray()
  await expect.poll(async () => (await mails()).length).toBe(1)
  const [mail] = await mails()
  expect(mail?.text).toContain(`${app.url}/reset-password`)
  expect(JSON.stringify(mail)).not.toContain('evil')
})

describe('a password guesser', () => {
  const forged = (n: number) => ({
    'X-Forwarded-For': `198.51.100.${n}`,
    'X-Real-IP': `198.51.100.${n}`,
    Forwarded: `for=198.51.100.${n}`,
    'X-Scrip-Client-Address': `198.51.100.${n}`,
  })

  test('a guesser counts as one under any forged address, and another user of that network does not count (5.8)', async () => {
    const [victim, neighbour] = [await app.signUp(), await app.signUp()]
    const statuses: number[] = []
    for (let n = 0; n < 30; n++) {
      statuses.push((await app.post('/login', { email: victim.email, password: 'wrong' }, forged(n))).status)
    }

    expect(statuses).toEqual([...Array<number>(10).fill(401), ...Array<number>(20).fill(429)])
    expect((await app.post('/login', { email: neighbour.email, password: PASSWORD })).status).toBe(302)
  })

  test('a guesser who is limited at the log-in is limited at the sign-up too (5.8)', async () => {
    const { email } = await app.signUp()
    for (let n = 0; n < 20; n++) {
      expect((await app.post('/signup', { email, password: `a wrong one ${n}` }, forged(n))).status).toBe(409)
    }

    expect((await app.post('/signup', { email, password: PASSWORD }, forged(99))).status).toBe(429)
    expect((await app.post('/login', { email, password: PASSWORD })).status).toBe(302)
  })

  test('no address from a header gets into the log (6.9)', async () => {
    await app.post('/login', { email: 'nobody@example.com', password: 'wrong' }, forged(7))
    await expect.poll(() => app.log()).toContain('"route":"/login"')

    expect(app.log()).not.toContain('198.51.100.')
  })
})

test('fifty first requests of a new user at once all succeed on one account (3.5)', async () => {
  const { cookie } = await app.signUp()
  const paths = ['/dashboard', '/usage', '/billing', '/actions', '/api/user']
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, n) => {
      const headers = { Cookie: cookie, 'Content-Type': 'application/json' }
      if (n % 2 === 0) return app.fetch(paths[n % paths.length]!, { headers })
      return app.fetch('/api/credits/deduct', { method: 'POST', body: '{"credits":1}', headers })
    }),
  )

  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
  const { credits } = (await (await app.fetch('/api/user', { headers: { Cookie: cookie } })).json()) as {
    credits: number
  }
  expect(credits).toBe(0)
})

test('the endpoint that lists routes does not exist under any spelling of its address (5.4, H53)', async () => {
  const long = Array.from({ length: 2_000 }, () => 'a').join('/')
  for (const path of [
    `/__manifest?p=/${long}&version=1`,
    `/./__manifest?p=/${long}`,
    `/x/../__manifest?p=/${long}`,
    `/__manifest/?p=/${long}`,
    `//__manifest?p=/${long}`,
    `/%5f_manifest?p=/${long}`,
    '/__manifest.data',
  ]) {
    const answer = await app.sendRaw(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
    expect(answer, path.slice(0, 30)).toMatch(/^HTTP\/1.1 404/)
    // That endpoint would answer with a list of routes and their files.
    expect(answer).not.toContain('"module":"/assets/')
  }
  expect((await app.fetch(`/?${`p=/${long}&`.repeat(3)}`)).status).toBe(400)
})

test('a history of any length makes no page longer than its first rows do (6.8)', async () => {
  const { user, cookie } = await newCustomer(app)
  const at = new Date()
  await CreditEntryModel.collection.insertMany(
    Array.from({ length: 5_000 }, (_, n) => ({
      _id: `${user._id.toHexString()}:api:spend:${n}` as never,
      accountId: user._id,
      key: `api:spend:${n}`,
      kind: 'spend',
      amount: -1,
      at: new Date(at.getTime() - n * 1_000),
      source: { type: 'action', id: 'x' },
      action: 'x',
      seq: 10 + n,
      balance: 5_000 - n,
      burned: [],
    })),
  )
  await BillingHistoryModel.insertMany(
    Array.from({ length: 1_000 }, (_, n) => ({
      userId: user._id,
      stripeCustomerId: 'cus_long',
      stripeInvoiceId: `in_${randomUUID()}`,
      planName: 'Creator',
      interval: 'month',
      amount: 4_000,
      currency: 'usd',
      creditsAdded: 5_000,
      status: 'active',
      transactionDate: new Date(at.getTime() - n * 1_000),
      isCurrentSubscription: false,
    })),
  )
  const sizes: Record<string, number> = {}
  const shown: string[] = []
  for (const { path, hasLoader } of builtRoutes()) {
    if (!hasLoader) continue
    const response = await app.fetch(path, { headers: { Cookie: cookie } })
    sizes[path] = (await response.text()).length
    if (response.status === 200) shown.push(path)
  }

  const tooLong = Object.entries(sizes).filter(([, size]) => size > 300_000)
  expect(tooLong).toEqual([])
  expect(shown).toEqual(
    expect.arrayContaining(['/usage', '/dashboard', '/billing', '/api/credits/entries', '/api/user']),
  )
})
