import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApiKey } from '#app/auth/api-key.server.ts'
import { FREE_PLAN } from '#app/billing/plans.ts'
import { action, loader } from '#app/routes/_app.settings.api-keys/route.tsx'
import { PASSWORD, type ServedApp, startServedApp } from '#test/http/served-app.ts'
import { usePlan } from '#test/billing/plan.ts'
import { useDatabase } from '#test/setup/database.ts'
import { newUser, visitAs } from './users.ts'

useDatabase()

const PATH = '/settings/api-keys'

describe('the API keys page on a plan without the API', () => {
  const free = usePlan(FREE_PLAN)

  test('the page says why it has no form, links to the plans with API access, and still revokes keys', async () => {
    const user = await newUser()
    const { id } = await createApiKey(user._id, 'from before')
    free.features = { ...free.features, apiAccess: false }
    const page = await loader({ request: await visitAs(user, PATH), params: {}, context: {} })

    expect(page.refusal).toEqual({
      message: expect.stringMatching(/^API access is part of /) as string,
      wayOut: {
        label: 'See plans with API access',
        to: '/billing/upgrade?feature=apiAccess&redirectTo=%2Fsettings%2Fapi-keys',
      },
    })
    expect(page.keys.map((key) => key.id)).toEqual([id])
  })

  test('a create form that is posted anyway is refused', async () => {
    free.features = { ...free.features, apiAccess: false }
    const { headers } = await visitAs(await newUser(), PATH)
    const body = new URLSearchParams({ intent: 'create', name: 'report' })
    const request = new Request(`http://localhost:3000${PATH}`, { method: 'POST', headers, body })
    const answer = await action({ request, params: {}, context: {} })

    expect(answer).toMatchObject({ init: { status: 402 }, data: { saved: false } })
  })
})

describe('the API keys page without JavaScript', () => {
  let app: ServedApp

  beforeAll(async () => {
    app = await startServedApp()
  }, 240_000)
  afterAll(() => app?.stop())

  test('revoking a key asks for confirmation first and then confirms it', async () => {
    const { cookie } = await app.signUp()
    const page = async (path: string) => (await app.fetch(path, { headers: { Cookie: cookie } })).text()
    await app.post(PATH, { intent: 'create', name: 'Nightly report' }, { Cookie: cookie })
    const id = /name="id" value="([0-9a-f]{24})"/.exec(await page(PATH))?.[1] ?? ''

    const question = await page(`${PATH}?id=${id}&intent=revoke`)
    expect(question).toContain('Revoke “Nightly report”?')
    expect(question).toContain('You cannot undo this.')
    expect(await page(PATH)).toContain('Nightly report')

    const done = await app.post(PATH, { intent: 'revoke', id }, { Cookie: cookie })
    const after = await page(done.headers.get('Location') ?? '')
    expect(after).toContain('“Nightly report” is revoked.')
    expect(after).toContain('No API keys yet.')
  })

  test('a key gets the access and the expiry that were chosen, and without a choice may spend and never expires', async () => {
    const { cookie } = await app.signUp()
    const create = async (fields: Record<string, string>) => {
      const answer = await app.post(PATH, { intent: 'create', ...fields }, { Cookie: cookie })
      return { answer, key: /sk_scrip_[0-9a-f]{48}/.exec(await answer.text())?.[0] ?? '' }
    }
    const deduct = async (key: string) => {
      const headers = { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json', 'Idempotency-Key': 'x' }
      return (await app.fetch('/api/credits/deduct', { method: 'POST', body: '{"credits":1}', headers })).status
    }
    const reader = await create({ name: 'Dashboard', access: 'read', expiry: '90' })
    const plain = await create({ name: 'Nightly report' })
    const page = await (await app.fetch(PATH, { headers: { Cookie: cookie } })).text()

    expect([await deduct(reader.key), await deduct(plain.key)]).toEqual([403, 200])
    expect(page).toMatch(/Dashboard.*Read only.*Expires \d+ \w{3}.*/s)
    expect(page).toMatch(/Nightly report.*Read and spend.*Never expires.*Dashboard/s)
    expect((await create({ name: 'wrong', access: 'all' })).answer.status).toBe(400)
    expect((await create({ name: 'wrong', expiry: '7' })).answer.status).toBe(400)
  })

  test('rotating a key asks first, shows the new one once, and says until when the old one works', async () => {
    const { cookie } = await app.signUp()
    const page = async (path: string) => (await app.fetch(path, { headers: { Cookie: cookie } })).text()
    const statusOf = async (key: string) =>
      (await app.fetch('/api/user', { headers: { Authorization: `Bearer ${key}` } })).status
    const keyIn = (html: string) => /sk_scrip_[0-9a-f]{48}/.exec(html)?.[0] ?? ''
    const created = await app.post(PATH, { intent: 'create', name: 'Nightly report' }, { Cookie: cookie })
    const old = keyIn(await created.text())
    const id = /name="id" value="([0-9a-f]{24})"/.exec(await page(PATH))?.[1] ?? ''

    expect(await page(`${PATH}?id=${id}&intent=rotate`)).toContain('Rotate “Nightly report”?')
    const rotated = await app.post(`${PATH}?id=${id}&intent=rotate`, { intent: 'rotate', id }, { Cookie: cookie })
    const answer = await rotated.text()
    expect(keyIn(answer)).not.toBe(old)
    expect(answer).toContain('Replaced, works until')
    expect(answer).not.toContain('Rotate “Nightly report”?')
    expect([await statusOf(old), await statusOf(keyIn(answer))]).toEqual([200, 200])
    expect(keyIn(await page(PATH))).toBe('')

    const again = await app.post(PATH, { intent: 'rotate', id }, { Cookie: cookie })
    expect(again.status).toBe(409)
    expect(await again.text()).toContain('This API key was already rotated.')
    await app.post(PATH, { intent: 'revoke', id }, { Cookie: cookie })
    expect([await statusOf(old), await statusOf(keyIn(answer))]).toEqual([401, 200])
  })

  test('the page never calls a key revoked that still works or belongs to another user', async () => {
    const [ada, bob] = [await app.signUp(), await app.signUp()]
    await app.post(PATH, { intent: 'create', name: 'Nightly report' }, { Cookie: ada.cookie })
    const read = async (cookie: string, query = '') =>
      (await app.fetch(PATH + query, { headers: { Cookie: cookie } })).text()
    const id = /name="id" value="([0-9a-f]{24})"/.exec(await read(ada.cookie))?.[1] ?? ''

    expect(await read(ada.cookie, `?revoked=${id}`)).not.toContain('is revoked.')
    await app.post(PATH, { intent: 'revoke', id }, { Cookie: ada.cookie })
    expect(await read(bob.cookie, `?revoked=${id}`)).not.toContain('is revoked.')
  })

  test('changing the password offers to revoke the API keys', async () => {
    const { cookie } = await app.signUp()
    const shown = async () => (await app.fetch('/settings/password', { headers: { Cookie: cookie } })).text()
    expect(await shown()).not.toContain('name="revokeKeys"')
    const created = await (await app.post(PATH, { intent: 'create', name: 'report' }, { Cookie: cookie })).text()
    const key = /sk_scrip_[0-9a-f]{48}/.exec(created)?.[0] ?? ''
    expect(await shown()).toContain('name="revokeKeys"')

    const fields = { currentPassword: PASSWORD, newPassword: 'another short sentence', revokeKeys: 'on' }
    expect((await app.post('/settings/password', fields, { Cookie: cookie })).status).toBe(302)
    expect((await app.fetch('/api/user', { headers: { Authorization: `Bearer ${key}` } })).status).toBe(401)
  })
})
