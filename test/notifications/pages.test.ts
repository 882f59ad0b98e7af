import mongoose, { Types } from 'mongoose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { resetConfig } from '#app/config.server.ts'
import { contentOf } from '#app/notifications/content.ts'
import { KINDS, parseContent } from '#app/notifications/kinds.ts'
import { renderMail } from '#app/notifications/render-mail.ts'
import { unsubscribeUrl } from '#app/notifications/unsubscribe-token.server.ts'
import { SAMPLES } from './samples.ts'
import { type ServedApp, startServedApp } from '#test/http/served-app.ts'

const SESSION_SECRET = 'the secret of both sides'

let app: ServedApp

beforeAll(async () => {
  app = await startServedApp({ SESSION_SECRET })
}, 240_000)
afterAll(() => app?.stop())

test('the settings page works without JavaScript and shows what was saved', async () => {
  const { cookie } = await app.signUp()
  const fields = { creditsLowThreshold: '250', trialEnding: 'on' }
  const saved = await (await app.post('/settings/notifications', fields, { Cookie: cookie })).text()
  const shown = await (await app.fetch('/settings/notifications', { headers: { Cookie: cookie } })).text()

  expect(saved).toContain('Saved.')
  expect(shown).toContain('value="250"')
  expect(checkedSwitches(shown)).toEqual(['trialEnding'])
})

test('an invalid threshold is named, and the other choices are kept', async () => {
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

test('the unsubscribe page refuses an incomplete link', async () => {
  const response = await app.fetch('/unsubscribe?token=x')

  expect(response.status).toBe(400)
  expect(await response.text()).toContain('This link is incomplete.')
})

test('one-click unsubscribe needs neither a session nor an Origin (RFC 8058)', async () => {
  process.env.SESSION_SECRET = SESSION_SECRET
  resetConfig()
  const { pathname, search } = new URL(unsubscribeUrl(new Types.ObjectId(), 'creditsLow'))
  delete process.env.SESSION_SECRET
  resetConfig()
  const asked = await (await app.fetch(pathname + search)).text()
  const response = await app.post(pathname + search, { 'List-Unsubscribe': 'One-Click' })

  expect(asked).toContain('Stop getting emails')
  expect(response.status).toBe(200)
  expect(await response.text()).toContain('Done. You will get no more emails')
})

test('the mailbox shows a mail as text, and on request as HTML in its own frame', async () => {
  const html = '<!doctype html><html lang="en"><head></head><body><h1>Paid</h1><script>alert(1)</script></body></html>'
  const id = await keepMail({ to: 'ada@example.com', subject: 'Your payment', text: 'You paid.', html })

  const asText = await (await app.fetch('/mailbox')).text()
  const asHtml = await (await app.fetch(`/mailbox?html=${id}`)).text()
  const part = await app.fetch(`/mailbox/${id}`)

  expect(asText).toContain('You paid.')
  expect(asText).not.toContain('<iframe')
  const [frame = '', ...others] = asHtml.match(/<iframe[^>]*>/g) ?? []
  expect(others).toEqual([])
  expect(frame).toContain(`src="/mailbox/${id}"`)
  expect(frame).toContain('sandbox="allow-top-navigation-by-user-activation"')
  expect(await part.text()).toContain('<head><base target="_top"></head>')
  expect(part.headers.get('X-Frame-Options')).toBe('SAMEORIGIN')
  const policy = (part.headers.get('Content-Security-Policy') ?? '').split('; ')
  expect(policy).toContain("default-src 'none'")
  expect(policy).toContain("frame-ancestors 'self'")
  expect(policy).toContain('sandbox allow-top-navigation-by-user-activation')
  expect((await app.fetch('/mailbox')).headers.get('X-Frame-Options')).toBe('DENY')
  for (const none of ['none', '0'.repeat(24)]) {
    expect((await app.fetch(`/mailbox/${none}`)).status, none).toBe(404)
  }
})

test.each(KINDS)(
  'every link in a mail of the kind %s leads to a page, directly or through the log-in',
  async (kind) => {
    const context = { name: 'Ada', timeZone: 'UTC', appUrl: app.url }
    const stop = { url: `${app.url}/settings/notifications`, about: 'of this kind' }
    const { text, html } = renderMail(contentOf(parseContent(kind, SAMPLES[kind]), context), context, stop)
    const { cookie } = await app.signUp()

    const links = [...text.matchAll(/https?:\/\/\S+/g)].map(([link]) => link).filter((link) => link.startsWith(app.url))
    expect(links.length).toBeGreaterThan(0)
    for (const link of links) {
      expect(html).toContain(`href="${link}"`)
      const { pathname } = new URL(link)
      const stranger = await app.fetch(pathname)
      if (stranger.status !== 200) {
        expect(stranger.headers.get('Location')).toBe(
          `/login?${new URLSearchParams({ redirectTo: pathname }).toString()}`,
        )
      }
      const known = await app.fetch(pathname, { headers: { Cookie: cookie } })
      // There is no Stripe here, and the link to the card needs it.
      expect(known.status, pathname).toBe(pathname === '/billing/update-card' ? 503 : 200)
    }
  },
)

function checkedSwitches(page: string): (string | undefined)[] {
  const switches = page.match(/<input[^>]*role="switch"[^>]*>/g) ?? []
  return switches.filter((input) => / checked=/.test(input)).map((input) => /name="(\w+)"/.exec(input)?.[1])
}

/** Puts a mail into the mailbox as the app does. */
async function keepMail(mail: { to: string; subject: string; text: string; html: string }): Promise<string> {
  const connection = await mongoose.createConnection(app.mongodbUri).asPromise()
  try {
    const { insertedId } = await connection.collection('mailbox').insertOne({ ...mail, sentAt: new Date() })
    return insertedId.toHexString()
  } finally {
    await connection.close()
  }
}
