import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { getBalance } from '#app/credits/balance.server.ts'
import { UserModel } from '#models/user.server.ts'
import { REDIRECT_VECTORS } from './redirect-vectors.ts'
import { builtRoutes, PASSWORD } from './served-app.ts'
import { type Customer, newCustomer } from './a-customer.ts'
import { formsOf, type HtmlForm } from './html-forms.ts'
import { collection, useWatchedApp } from './watched-app.ts'

const app = useWatchedApp()

/** Fields that attack tools add to forms. */
const OPERATORS = (name: string, value: string): [string, string][] => [
  [`${name}[$ne]`, value],
  [`${name}[$gt]`, ''],
  [`${name}.$ne`, value],
  [`${name}[]`, value],
  [`${name}[__proto__]`, value],
]
const STOLEN = {
  roles: 'admin',
  'roles[0]': 'admin',
  stripeCustomerId: 'cus_evil',
  credits: '999999',
  'user.plan': 'x',
}

/** Input for the fields that are empty on the page. */
const TYPED: Record<string, string> = {
  currentPassword: PASSWORD,
  newPassword: PASSWORD,
  name: 'A name',
  subject: 'A subject',
  question: 'A question that is long enough.',
  text: 'A text',
}

/** Forms that end the session of this test, or that lead to Stripe, which is absent here. */
const LEFT_OUT = ['/logout', '/settings/sessions']

async function formsFor(cookie: string): Promise<HtmlForm[]> {
  const pages = builtRoutes().filter(({ hasPage, hasLoader }) => hasPage && hasLoader)
  const paths = new Set([
    ...pages.map(({ path }) => path),
    '/actions/qr-code',
    '/billing/change?plan=Daily&interval=year',
  ])
  const forms = new Map<string, HtmlForm>()
  for (const path of paths) {
    const response = await app.fetch(path, { headers: { Cookie: cookie, Accept: 'text/html' } })
    if (response.status !== 200) continue
    for (const form of formsOf(await response.text(), path)) {
      const name = `${form.action} ${form.fields.intent ?? ''} ${Object.keys(form.fields).join()}`
      if (!LEFT_OUT.includes(form.action)) forms.set(name, form)
    }
  }
  return [...forms.values()]
}

const stateOf = async ({ user }: Customer) => ({
  user: await UserModel.collection.findOne(
    { _id: user._id },
    { projection: { name: 0, timeZone: 0, notificationSettings: 0 } },
  ),
  credits: (await getBalance(user._id)).credits,
})

describe('undeclared fields', () => {
  test('operators in place of any field of any form reach no query and log nobody in (3.10)', async () => {
    const customer = await newCustomer(app)
    const before = await stateOf(customer)
    const visitorForms = await formsFor('')
    const ownForms = await formsFor(customer.cookie)
    expect(visitorForms.map(({ action }) => action)).toEqual(expect.arrayContaining(['/login', '/signup']))
    expect(ownForms.length).toBeGreaterThan(8)
    const known = { email: customer.email, password: PASSWORD }
    const wrong: string[] = []
    for (const [forms, cookie] of [
      [visitorForms, ''],
      [ownForms, customer.cookie],
    ] as const) {
      for (const { action, fields: asShown } of forms) {
        // Valid except for the tested field, so that whatever it accepts takes effect.
        const fields = cookie ? asShown : { ...asShown, ...('password' in asShown && known) }
        for (const [name, value] of Object.entries(fields)) {
          const rest = Object.entries(fields).filter(([other]) => other !== name)
          const body = new URLSearchParams([...rest, ...OPERATORS(name, value || 'x')])
          const response = await app.fetch(action, { method: 'POST', body, headers: { Cookie: cookie } })
          const isLetIn = name !== 'name' && response.headers.get('Set-Cookie')?.includes('scrip_session')
          if (response.status === 500 || (isLetIn && !cookie)) wrong.push(`${action} ${name}: ${response.status}`)
        }
      }
    }

    expect(wrong).toEqual([])
    const after = await stateOf(customer)
    expect(after.user).toEqual(before.user)
    expect(after.credits).toBeLessThanOrEqual(before.credits)
  })

  test('internal fields are ignored in every form (3.10)', async () => {
    const customer = await newCustomer(app)
    const before = await stateOf(customer)
    const accepted: string[] = []
    // The button that pauses all spending comes last, since no action runs after it.
    const pausesLast = (form: { fields: Record<string, string> }) => Number(form.fields['intent'] === 'pause')
    const forms = (await formsFor(customer.cookie)).sort((one, other) => pausesLast(one) - pausesLast(other))
    for (const { action, fields } of forms) {
      if (action === '/settings/password') continue
      const typed = Object.fromEntries(
        Object.entries(fields).map(([name, value]) => [name, value || TYPED[name] || 'x']),
      )
      const response = await app.post(action, { ...typed, ...STOLEN }, { Cookie: customer.cookie })
      expect(response.status, action).not.toBe(500)
      if (response.status < 400) accepted.push(action)
    }
    expect(accepted).toEqual(
      expect.arrayContaining(['/settings?index', '/settings/api-keys', '/actions/qr-code', '/support/priority']),
    )

    const after = await stateOf(customer)
    expect(after.user).toEqual(before.user)
    expect(after.credits).toBeLessThanOrEqual(before.credits)
  })

  test('no field of the API takes an object, a list or an id made up by the caller (3.10)', async () => {
    const { cookie } = await newCustomer(app)
    const good: Record<string, Record<string, unknown>> = {
      '/api/credits/deduct': { credits: 1, action: 'x', metadata: { a: 'b' } },
      '/api/credits/holds': { credits: 1, action: 'x', ttlSeconds: 60, metadata: { a: 'b' } },
      '/api/checkout': { plan: 'Beginner', interval: 'month' },
    }
    const bad = [{ $ne: 'x' }, { $gt: '' }, { $where: 'sleep(1)' }, { _bsontype: 'ObjectId', id: 'x' }, [{ $gt: 0 }]]
    for (const [path, body] of Object.entries(good)) {
      for (const field of [...Object.keys(body), 'userId', 'accountId', 'roles']) {
        for (const value of bad) {
          const headers = { Cookie: cookie, 'Content-Type': 'application/json' }
          const init = { method: 'POST', headers, body: JSON.stringify({ ...body, [field]: value }) }
          expect((await app.fetch(path, init)).status, `${path} ${field}`).toBe(400)
        }
      }
    }
  })

  test('no URL takes an object, a list or an id made up by the caller (3.10)', async () => {
    const { cookie } = await newCustomer(app)
    for (const path of [
      '/api/credits/entries?kind[$ne]=x&limit[$gt]=0&before[$gt]=',
      '/api/credits/entries?kind=%7B%22$ne%22%3A1%7D',
      '/usage?kind[$ne]=x&from[$gt]=&before=%7B%7D',
      '/actions/$ne',
      '/actions/qr-code?run[$ne]=x',
      '/billing/success?session_id[$ne]=x',
      '/unsubscribe?token[$ne]=x',
      '/reset-password?token[$ne]=x',
    ]) {
      const response = await app.fetch(path, { headers: { Cookie: cookie } })
      expect(response.status, path).toBeLessThan(500)
    }
  })
})

test('text that looks like a database expression is stored as it was written (3.9)', async () => {
  const { cookie } = await newCustomer(app)
  const strange = '$credits $$ROOT {"$set":1}'
  await app.post('/settings?index', { name: strange, timeZone: 'UTC' }, { Cookie: cookie })
  await app.post('/settings/api-keys', { intent: 'create', name: '$$ROOT' }, { Cookie: cookie })
  const headers = { Cookie: cookie, 'Content-Type': 'application/json', 'Idempotency-Key': '$$ROOT' }
  const body = JSON.stringify({ credits: 1, metadata: { note: '$credits', other: '$$NOW' } })
  expect((await app.fetch('/api/credits/deduct', { method: 'POST', body, headers })).status).toBe(200)

  const user = await UserModel.findOne({ name: strange }).lean()
  expect(user).not.toBeNull()
  const keys = await collection('api_keys').find({ userId: user!._id }).toArray()
  expect(keys.map(({ name }) => String(name))).toEqual(['$$ROOT'])
  const { entries } = (await (await app.fetch('/api/credits/entries', { headers: { Cookie: cookie } })).json()) as {
    entries: { metadata?: object }[]
  }
  expect(entries[0]?.metadata).toEqual({ note: '$credits', other: '$$NOW' })
})

test('no spelling of a redirect address leads to another site (5.7)', async () => {
  const { cookie } = await newCustomer(app)
  const left: string[] = []
  for (const to of REDIRECT_VECTORS) {
    const query = new URLSearchParams({ redirectTo: to }).toString()
    const get = (path: string) => app.fetch(`${path}?${query}`, { headers: { Cookie: cookie } })
    for (const response of [
      await get('/login'),
      await get('/signup'),
      await get('/billing/upgrade'),
      await get('/billing/success'),
      await app.post('/resources/theme', { theme: 'dark', redirectTo: to }),
    ]) {
      const location = response.headers.get('Location')
      const isElsewhere = location !== null && new URL(location, app.url).origin !== app.url
      const isLinked = /(?:href|action|url=)["=]?"?[^">]*evil\.example/.test(
        (await response.text()).replaceAll(/redirectTo=[^"&]*/g, ''),
      )
      if (response.status >= 500 || isElsewhere || isLinked) left.push(`${response.url} → ${location}`)
    }
  }

  expect(left).toEqual([])
})

test('a password that is too long is refused by its length in every form (5.9)', async () => {
  const { email, cookie } = await newCustomer(app)
  const long = 'x'.repeat(257)
  for (const [path, fields] of [
    ['/login', { email, password: long }],
    ['/signup', { email: `user-${randomUUID()}@example.com`, password: long }],
    ['/reset-password', { password: long }],
    ['/settings/password', { currentPassword: long, newPassword: PASSWORD }],
    ['/settings/password', { currentPassword: PASSWORD, newPassword: long }],
  ] as [string, Record<string, string>][]) {
    const response = await app.post(path, fields, path.startsWith('/settings') ? { Cookie: cookie } : {})
    expect(response.status, path).toBe(400)
    expect(await response.text(), path).toContain('Use at most 256 characters.')
  }
})
