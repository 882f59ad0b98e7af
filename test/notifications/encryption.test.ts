import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { resetConfig } from '#app/config.server.ts'
import { MailFailed } from '#app/notifications/mail-failure.ts'
import { sendMail } from '#app/notifications/mail.server.ts'
import { type SmtpServer, startSmtpServer } from './smtp-server.ts'

const PRODUCTION = {
  SCRIP_MODE: 'production',
  APP_URL: 'https://scrip.example',
  MONGODB_URI: 'mongodb://db.example/scrip',
  STRIPE_SECRET_KEY: 'sk_live_0123456789abcdefghijklmnop',
  STRIPE_WEBHOOK_SECRET: 'whsec_0123456789abcdefghijklmnop',
  STRIPE_API_BASE: '',
  SESSION_SECRET: 'a-secret-of-a-production-installation-0123456789',
  MAIL_FROM: 'Scrip <scrip@scrip.example>',
  TRUST_PROXY: '0',
}
const MAIL = { to: 'ada@example.com', subject: 'Your link', text: 'https://scrip.example/reset?token=1', html: null }

let server: SmtpServer

beforeAll(async () => {
  // This server has no TLS.
  server = await startSmtpServer()
})
beforeEach(() => {
  for (const [name, value] of Object.entries(PRODUCTION)) vi.stubEnv(name, value)
  server.taken.length = 0
})
afterEach(() => {
  vi.unstubAllEnvs()
  resetConfig()
})
afterAll(() => server.close())

/** An address of this machine that is no loopback address: 0.0.0.0 connects to it. */
const urlFrom = (host: string) => server.url.replace('127.0.0.1', host)

test('a remote mail server without encryption gets no mail in production', async () => {
  vi.stubEnv('SMTP_URL', urlFrom('0.0.0.0'))
  resetConfig()

  await expect(sendMail(MAIL)).rejects.toThrow(MailFailed)
  expect(server.taken).toEqual([])
})

test('a mail server on this machine needs no encryption', async () => {
  vi.stubEnv('SMTP_URL', urlFrom('127.0.0.1'))
  resetConfig()
  await sendMail(MAIL)

  expect(server.taken).toHaveLength(1)
})
