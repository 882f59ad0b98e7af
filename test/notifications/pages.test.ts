import { Types } from 'mongoose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { resetConfig } from '#app/config.server.ts'
import { unsubscribeUrl } from '#app/notifications/unsubscribe-token.server.ts'
import { type ServedApp, startServedApp } from '#test/http/served-app.ts'

const SESSION_SECRET = 'the secret of both sides'

let app: ServedApp

beforeAll(async () => {
  app = await startServedApp({ SESSION_SECRET })
}, 240_000)
afterAll(() => app?.stop())

test('the settings page works without JavaScript: what was saved is what is shown', async () => {
  const { cookie } = await app.signUp()
  const fields = { creditsLowThreshold: '250', trialEnding: 'on' }
  const saved = await (await app.post('/settings/notifications', fields, { Cookie: cookie })).text()
  const shown = await (await app.fetch('/settings/notifications', { headers: { Cookie: cookie } })).text()

  expect(saved).toContain('Saved.')
  expect(shown).toContain('value="250"')
  expect(checkedSwitches(shown)).toEqual(['trialEnding'])
})

test('a threshold that is none is named, and what was chosen stays', async () => {
  const { cookie } = await app.signUp()
  const response = await app.post(
    '/settings/notifications',
    { creditsLowThreshold: 'many', creditsLow: 'on' },
    { Cookie: cookie },
  )
  const page = await response.text()

  expect(response.status).toBe(400)
  expect(page).toContain('Enter a whole number from 1 to 1,000,000.')
  expect(page).toContain('value="many"')
  expect(checkedSwitches(page)).toEqual(['creditsLow'])
})

test('the unsubscribe page refuses a link that is not whole', async () => {
  const response = await app.fetch('/unsubscribe?token=x')

  expect(response.status).toBe(400)
  expect(await response.text()).toContain('This link is not complete.')
})

test('a mail program’s own button needs neither a log-in nor an origin (RFC 8058)', async () => {
  process.env.SESSION_SECRET = SESSION_SECRET
  resetConfig()
  const { pathname, search } = new URL(unsubscribeUrl(new Types.ObjectId(), 'creditsLow'))
  delete process.env.SESSION_SECRET
  resetConfig()
  const asked = await (await app.fetch(pathname + search)).text()
  const response = await app.post(pathname + search, { 'List-Unsubscribe': 'One-Click' })

  expect(asked).toContain('Stop getting mails')
  expect(response.status).toBe(200)
  expect(await response.text()).toContain('Done. You will get no more mails')
})

function checkedSwitches(page: string): (string | undefined)[] {
  const switches = page.match(/<input[^>]*role="switch"[^>]*>/g) ?? []
  return switches.filter((input) => / checked=/.test(input)).map((input) => /name="(\w+)"/.exec(input)?.[1])
}
