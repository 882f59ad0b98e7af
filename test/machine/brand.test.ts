import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { inflateSync } from 'node:zlib'
import mongoose from 'mongoose'
import Stripe from 'stripe'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { brand } from '#app/brand.mjs'
import type * as Config from '#app/config.server.ts'
import type * as Content from '#app/notifications/content.ts'
import { KINDS } from '#app/notifications/kinds.ts'
import type * as Render from '#app/notifications/render-mail.ts'
import { builtRoutes } from '../http/served-app.ts'
import { SAMPLES } from '../notifications/samples.ts'
import type * as Setup from '../setup/app-processes.ts'
import { OTHER, rebrandedCopy } from './rebranded.ts'

/*
 * A rename is one edit and a rebuild: the project is copied, its brand file edited, and everything built and run from
 * the copy is searched for the old name.
 */

/** The name as a word in any case; identifiers such as `sk_scrip_` stay. */
const OLD = new RegExp(`(?<!\\w)${brand.name}(?!\\w)`, 'i')
const OLD_COLORS = new RegExp(`${brand.colors.ink[0]}|${brand.colors.credit[0]}`, 'i')

const { folder, remove } = rebrandedCopy()
const inCopy = <T>(file: string) => import(/* @vite-ignore */ path.join(folder, file)) as Promise<T>

let installation: Setup.Installation
let stripe: Stripe
let customer: string
const cookies: Record<string, string> = { visitor: '' }

beforeAll(async () => {
  const { startInstallation } = await inCopy<typeof Setup>('test/setup/app-processes.ts')
  installation = await startInstallation({ historyDays: 75, mongodbUri: inject('mongodbUri') })
  const { hostname, port } = new URL(installation.sandboxUrl)
  stripe = new Stripe(installation.secrets.stripeSecretKey, { host: hostname, port, protocol: 'http' })
  const { email, password } = installation.demo
  customer = (await stripe.customers.list({ email })).data[0]?.id ?? ''
  cookies.customer = await cookieFrom('/login', { email, password })
  cookies.newcomer = await cookieFrom('/signup', { email: 'new@example.com', password, name: 'Nora' })
  await post('/forgot-password', { email })
  await post('/support', { subject: 'Invoices', question: 'Where are they?' }, cookies.newcomer)
}, 300_000)
afterAll(async () => {
  await installation?.stop()
  remove()
})

function post(at: string, fields: Record<string, string>, cookie = ''): Promise<Response> {
  const init = { method: 'POST', body: new URLSearchParams(fields), headers: { Cookie: cookie } }
  return fetch(installation.url + at, { ...init, redirect: 'manual' })
}

async function cookieFrom(at: string, fields: Record<string, string>): Promise<string> {
  return (await post(at, fields)).headers.get('Set-Cookie')?.split(';')[0] ?? ''
}

/** Addresses of pages that need more than their route. */
const PATHS: Record<string, string> = {
  'routes/_app.actions.$actionId': '/actions/qr-code',
  'routes/_app.billing.change': '/billing/change?plan=Creator&interval=month',
  'routes/_app.billing.credits.$grantId': '/billing/credits/g%3Asys%3Awelcome',
}

/** Pages that this test cannot open, each with the reason. Their code in the build is searched below. */
const UNSEEN: Record<string, string> = {
  'routes/$': 'an error, tested below',
  'routes/_app.billing.update-card': 'leads on to Stripe',
  'routes/_app.runs.$runId': 'needs a run',
  'routes/_app.support.priority': 'for customers of Creator',
  'routes/unsubscribe': 'an error without the link of a mail, tested below',
}

test('every page has the new name and never the old one', async () => {
  const pages = builtRoutes(folder).filter(({ hasPage }) => hasPage)
  const unseen: string[] = []
  for (const page of pages) {
    let isSeen = false
    for (const [who, Cookie] of Object.entries(cookies)) {
      const response = await fetch(installation.url + (PATHS[page.id] ?? page.path), {
        headers: { Cookie },
        redirect: 'manual',
      })
      const html = await response.text()
      expect(html, `${page.id} for a ${who}`).not.toMatch(OLD)
      if (!response.headers.get('Content-Type')?.startsWith('text/html') || response.status >= 300) continue
      isSeen = true
      expect(/<title>(.*?)<\/title>/.exec(html)?.[1], page.id).toContain(OTHER.name)
      expect(html).toContain(`rel="icon" href="data:image/svg+xml,`)
      expect(decodeURIComponent(html.match(/data:image\/svg\+xml,[^"]+/)?.[0] ?? '')).toContain(OTHER.credit)
    }
    if (!isSeen) unseen.push(page.id)
  }

  expect(pages.length).toBeGreaterThan(30)
  expect(unseen.sort()).toEqual(Object.keys(UNSEEN))
})

test('each kind of error page has the new name', async () => {
  const missing = await fetch(`${installation.url}/nowhere`)
  const invalid = await fetch(`${installation.url}/unsubscribe`)
  const refused = await fetch(`${installation.url}/login`, {
    method: 'POST',
    headers: { Origin: 'https://evil.example', Accept: 'text/html' },
  })

  for (const html of await Promise.all([missing, invalid, refused].map((response) => response.text()))) {
    expect(html).toContain(`${OTHER.name}</title>`)
    expect(html).not.toMatch(OLD)
  }
})

test('the build contains only the new brand, for browser and server', () => {
  const files = (name: string) =>
    readdirSync(path.join(folder, 'build', name), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(js|css|html|json|svg|txt|webmanifest)$/.test(entry.name))
      .map((entry) => readFileSync(path.join(entry.parentPath, entry.name), 'utf8'))
  const client = files('client')
  const styles = client.find((text) => text.includes('--color-ink:'))

  expect(client.length).toBeGreaterThan(30)
  // Identifiers stay in the server's code: those in small letters, and the header `X-Scrip-Client-Address`.
  const old = new RegExp(`.{0,60}((?<![\\w-])${brand.name}(?![\\w-])|${OLD_COLORS.source}).{0,60}`, 'g')
  expect([...client, ...files('server')].flatMap((text) => text.match(old) ?? [])).toEqual([])
  expect(styles).toContain(`--color-ink:light-dark(${OTHER.ink},`)
  expect(styles).toContain(`--color-credit:light-dark(${OTHER.credit},`)
})

describe('the brand in mails', () => {
  test.each(KINDS)('the mail %s has the new name and colors', async (kind) => {
    const { contentOf } = await inCopy<typeof Content>('app/notifications/content.ts')
    const { renderMail } = await inCopy<typeof Render>('app/notifications/render-mail.ts')
    const context = { name: 'Ada', timeZone: 'UTC', appUrl: 'https://zorblat.test' }
    const stop = { url: 'https://zorblat.test/unsubscribe', about: 'about low credits' }
    const mail = renderMail(
      contentOf({ kind, data: SAMPLES[kind] } as Parameters<typeof contentOf>[0], context),
      context,
      stop,
    )

    for (const part of [mail.text, mail.html]) expect(part).toContain(OTHER.name)
    expect(mail.html).toContain(OTHER.ink)
    expect(Object.values(mail).join('\n')).not.toMatch(OLD)
    expect(mail.html).not.toMatch(OLD_COLORS)
  })

  // A mail that is not a notification kind has to be listed here and sent in the next test.
  test('every mail is a notification kind, the reset link or a support question', () => {
    const files = readdirSync('app', { recursive: true, encoding: 'utf8' }).filter((file) => /\.tsx?$/.test(file))
    const sending = files.filter((file) => /\bsendMail\(/.test(readFileSync(path.join('app', file), 'utf8')))

    expect(sending.sort()).toEqual([
      'auth/change-password.server.ts',
      'notifications/deliver.server.ts',
      'notifications/mail.server.ts',
      'support/send-question.server.ts',
    ])
  })

  test('all mails sent by the app have the new name and colors', async () => {
    const connection = await mongoose.createConnection(installation.mongodbUri).asPromise()
    const mails = await connection.collection('mailbox').find().toArray()
    await connection.close()
    const subjects = mails.map(({ subject }) => String(subject))

    expect(subjects).toContain(`Reset your ${OTHER.name} password`)
    expect(mails.find(({ subject }) => subject === 'Question: Invoices')).toMatchObject({ to: OTHER.supportAddress })
    expect(mails.length).toBeGreaterThan(4)
    for (const { subject, text, html } of mails) expect(`${subject} ${text} ${html}`).not.toMatch(OLD)
  })

  test('mails come from the new sender, without a setting and in production too', async () => {
    const { parseConfig } = await inCopy<typeof Config>('app/config.server.ts')

    expect(parseConfig({})).toMatchObject({
      mailFrom: `"${OTHER.name}" <${OTHER.senderAddress}>`,
      supportAddress: OTHER.supportAddress,
      operatorEmail: OTHER.senderAddress,
    })
    expect(() => parseConfig({ NODE_ENV: 'production' })).not.toThrow('MAIL_FROM')
    expect(parseConfig({ MAIL_FROM: 'a@example.com' }).mailFrom).toBe('a@example.com')
  })

  test('visitors see the new support address', async () => {
    expect(await (await fetch(`${installation.url}/support`)).text()).toContain(`mailto:${OTHER.supportAddress}`)
  })
})

describe('the brand at Stripe', () => {
  test('products have the new name', async () => {
    const names = (await stripe.products.list({ limit: 100 })).data.map(({ name }) => name)

    expect(names).toContain(`${OTHER.name} Daily`)
    expect(names.join()).not.toMatch(OLD)
  })

  test('every page of the sandbox has the new name', async () => {
    const [invoice] = (await stripe.invoices.list({ customer })).data
    const [price] = (await stripe.prices.list({ type: 'one_time' })).data
    const checkout = await stripe.checkout.sessions.create({
      ...{ mode: 'payment', customer, line_items: [{ price: price?.id, quantity: 1 }] },
      ...{ success_url: `${installation.url}/done`, cancel_url: installation.url },
    })
    const portal = await stripe.billingPortal.sessions.create({ customer, return_url: installation.url })
    const charge = (await stripe.charges.list({ customer })).data[0]
    const pages = {
      control: installation.sandboxUrl,
      checkout: checkout.url,
      portal: portal.url,
      invoice: invoice?.hosted_invoice_url,
    }

    for (const [name, url] of Object.entries(pages)) {
      const html = await (await fetch(url ?? '')).text()
      expect(html, name).toContain(OTHER.name)
      expect(html, name).not.toMatch(OLD)
    }
    expect(await (await fetch(charge?.receipt_url ?? '')).text()).not.toMatch(OLD)
    const pdf = textOfPdf(Buffer.from(await (await fetch(invoice?.invoice_pdf ?? '')).arrayBuffer()))
    expect(pdf).toContain(`From ${OTHER.name}`)
    expect(pdf).not.toMatch(OLD)
  })
})

test('saved files and terminal output have the new name', async () => {
  const csv = await fetch(`${installation.url}/usage/csv`, { headers: { Cookie: cookies.customer ?? '' } })

  expect(csv.headers.get('Content-Disposition')).toMatch(/filename="zorblat-ledger-/)
  expect(installation.apps[0]?.log()).toContain(`${OTHER.name} ready at`)
  expect(installation.apps[0]?.log()).not.toMatch(new RegExp(`(?<!\\w)${brand.name}(?!\\w)`))
})

/** The text of a PDF, one line per text operator. */
function textOfPdf(pdf: Buffer): string {
  const streams = pdf.toString('latin1').matchAll(/stream\r?\n(.*?)\r?\nendstream/gs)
  const drawn = [...streams].map(([, stream = '']) => inflateSync(Buffer.from(stream, 'latin1')).toString('latin1'))
  return drawn
    .flatMap((text) => [...text.matchAll(/\[(.*)\] TJ/g)])
    .map(([, parts = '']) => [...parts.matchAll(/<([0-9a-f]+)>/g)].map(([, hex]) => hex).join(''))
    .map((hex) => Buffer.from(hex, 'hex').toString('latin1'))
    .join('\n')
}
