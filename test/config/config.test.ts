import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { brand } from '#app/brand.mjs'
import { InvalidConfig, parseConfig } from '#app/config.server.ts'
import { isLocalAddress, LOCAL_DEFAULTS } from '#app/environment-problems.server.ts'

const LIVE = {
  NODE_ENV: 'production',
  APP_URL: 'https://scrip.example',
  MONGODB_URI: 'mongodb://db.example/scrip',
  STRIPE_SECRET_KEY: 'sk_live_0123456789',
  STRIPE_WEBHOOK_SECRET: 'whsec_new, whsec_old',
  SESSION_SECRET: 'a-new-session-secret-of-production,an-old-session-secret-of-production',
  SMTP_URL: 'smtps://user:secret@mail.example',
  MAIL_FROM: 'Scrip <billing@scrip.example>',
  TRUST_PROXY: '1',
}

function refusalOf(environment: Record<string, string | undefined>): string {
  try {
    parseConfig(environment)
  } catch (error) {
    if (error instanceof InvalidConfig) return error.message
    throw error
  }
  return ''
}

describe('the configuration in production', () => {
  test('a complete environment is read, with lists in their order', () => {
    const config = parseConfig(LIVE)

    expect(config).toMatchObject({
      mode: 'production',
      isLocal: false,
      port: 3000,
      host: null,
      appUrl: 'https://scrip.example',
      sandboxUrl: null,
      stripe: { apiBase: null, webhookSecrets: ['whsec_new', 'whsec_old'] },
      sessionSecrets: ['a-new-session-secret-of-production', 'an-old-session-secret-of-production'],
    })
  })

  test('every missing variable is named in one message', () => {
    const refusal = refusalOf({ NODE_ENV: 'production' })

    // A brand file with a sender of its own makes MAIL_FROM optional.
    const filled = isLocalAddress(brand.senderAddress) ? ['NODE_ENV'] : ['NODE_ENV', 'MAIL_FROM']
    for (const name of Object.keys(LIVE).filter((name) => !filled.includes(name))) {
      expect(refusal).toContain(`${name} is missing`)
    }
  })

  test('an empty variable counts as missing', () => {
    expect(refusalOf({ ...LIVE, MONGODB_URI: '  ' })).toContain('MONGODB_URI is missing')
  })

  test('the number of proxies is required: without any it is 0, which has to be stated', () => {
    expect(refusalOf({ ...LIVE, TRUST_PROXY: undefined })).toContain('TRUST_PROXY is missing')
    expect(parseConfig({ ...LIVE, TRUST_PROXY: '0' }).trustedProxies).toBe(0)
  })

  test.each([
    'a-good-secret,too-short-by-one-character-1234',
    'x'.repeat(64),
    'password1password1password1password1',
    'abcdefghijklmnopqrstuvwxyz0123456789',
    '0123456789abcdef0123456789abcdef',
    'change-me-before-going-live-1234567890',
    'your-session-secret-goes-here-qwertyuiop',
  ])('the session secret %s is refused', (secret) => {
    expect(refusalOf({ ...LIVE, SESSION_SECRET: secret })).toContain('SESSION_SECRET has a secret')
  })

  test('every random session secret is accepted, whichever tool made it', () => {
    for (let round = 0; round < 500; round++) {
      for (const encoding of ['hex', 'base64', 'base64url'] as const) {
        const secret = randomBytes(24).toString(encoding)
        expect(refusalOf({ ...LIVE, SESSION_SECRET: secret }), secret).toBe('')
      }
    }
  })

  test('a test key is accepted only if the environment confirms it', () => {
    for (const key of ['sk_test_0123456789', 'rk_test_0123456789']) {
      const staging = { ...LIVE, STRIPE_SECRET_KEY: key }
      expect(refusalOf(staging)).toContain('STRIPE_SECRET_KEY is a test key')
      expect(refusalOf({ ...staging, ALLOW_STRIPE_TEST_KEY: '0' })).toContain('STRIPE_SECRET_KEY is a test key')
      expect(parseConfig({ ...staging, ALLOW_STRIPE_TEST_KEY: '1' }).stripe.secretKey).toBe(key)
    }
  })

  test.each(['http://127.0.0.1:4242', 'https://stripe.example'])(
    'the address %s is never used in place of Stripe',
    (base) => {
      expect(refusalOf({ ...LIVE, STRIPE_API_BASE: base })).toContain('STRIPE_API_BASE is for local mode')
    },
  )

  test.each([
    ['smtp://mail.example', true],
    ['smtp://user:secret@mail.example:587/?requireTLS=true', true],
    ['smtps://mail.example', true],
    ['smtp://127.0.0.1:25', false],
    ['smtp://localhost', false],
  ])('mails through %s require encryption: %s', (url, requires) => {
    expect(parseConfig({ ...LIVE, SMTP_URL: url }).smtpRequiresTls).toBe(requires)
  })

  test.each(['ignoreTLS=true', 'requireTLS=false', 'opportunisticTLS=1', 'tls.rejectUnauthorized=false', 'service=x'])(
    'a mail server with %s is refused, unless it is on this machine',
    (parameter) => {
      const problem = 'SMTP_URL has a parameter that weakens its encryption'
      expect(refusalOf({ ...LIVE, SMTP_URL: `smtp://mail.example/?name=a&${parameter}` })).toContain(problem)
      expect(refusalOf({ ...LIVE, SMTP_URL: `smtps://mail.example?${parameter}` })).toContain(problem)
      expect(refusalOf({ ...LIVE, SMTP_URL: `smtp://127.0.0.1:25/?${parameter}` })).toBe('')
    },
  )

  test.each([
    ['PORT', 'http'],
    ['PORT', '70000'],
    ['APP_URL', 'scrip.example'],
    ['APP_URL', 'https://scrip.example/app'],
    ['APP_URL', 'http://scrip.example'],
    ['MONGODB_URI', 'postgres://db.example/scrip'],
    ['STRIPE_SECRET_KEY', 'pk_live_0123456789'],
    ['STRIPE_WEBHOOK_SECRET', 'whsec_one,two'],
    ['SESSION_SECRET', 'short'],
    ['SESSION_SECRET', 'long enough to be a secret,short'],
    ['SMTP_URL', 'mail.example'],
    ['SMTP_URL', 'smtp://mail.example:port'],
    ['ALLOW_STRIPE_TEST_KEY', 'yes'],
    ['MAIL_FROM', 'nobody'],
    ['MAIL_FROM', 'Scrip <scrip@localhost>'],
    ['TRUST_PROXY', 'yes'],
    ['WEBHOOK_PAYLOAD_DAYS', '30'],
    ['KEEP_WEBHOOK_EVENTS_DAYS', '30'],
    ['KEEP_WEBHOOK_EVENTS_DAYS', '89'],
    ['KEEP_MAILS_DAYS', '30'],
    ['KEEP_RUN_RESULTS_DAYS', '-1'],
    ['KEEP_RUN_RESULTS_DAYS', '1.5'],
    ['KEEP_RUN_RESULTS_DAYS', '3651'],
    ['METRICS_TOKEN', 'short'],
    ['METRICS_TOKEN', 'long enough but it has spaces'],
    ['STRIPE_AUTOMATIC_TAX', 'yes'],
    ['STRIPE_PATIENCE_SECONDS', '0'],
    ['STRIPE_PATIENCE_SECONDS', '61'],
    ['DRAIN_SECONDS', '90'],
  ])('%s=%s is refused by name', (name, value) => {
    const lines = refusalOf({ ...LIVE, [name]: value }).split('\n')

    expect(lines.filter((line) => line.startsWith('  '))).toEqual([expect.stringContaining(name)])
  })

  test('an error never prints a value, since half of them are secrets', () => {
    const refusal = refusalOf({ ...LIVE, SESSION_SECRET: 'hunter2', STRIPE_SECRET_KEY: 'hunter2', SMTP_URL: 'hunter2' })

    expect(refusal).toContain('SESSION_SECRET')
    expect(refusal).not.toContain('hunter2')
  })

  test.each(['STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRET', 'SESSION_SECRET'] as const)(
    'the published local value of %s is refused',
    (name) => {
      expect(refusalOf({ ...LIVE, [name]: LOCAL_DEFAULTS[name] })).toContain(`${name} is the published value`)
    },
  )

  test('plain http is accepted for a loopback address only (H48)', () => {
    expect(parseConfig({ ...LIVE, APP_URL: 'http://127.0.0.1:3000/' }).appUrl).toBe('http://127.0.0.1:3000')
  })
})

test('a process drains in production and not in local mode', () => {
  expect(parseConfig(LIVE).drainSeconds).toBe(5)
  expect(parseConfig({ ...LIVE, DRAIN_SECONDS: '0' }).drainSeconds).toBe(0)
  expect(parseConfig({}).drainSeconds).toBe(0)
})

test('tax needs an explicit setting, and the wait for Stripe has an upper limit', () => {
  expect(parseConfig(LIVE).stripe).toMatchObject({ automaticTax: null, patienceSeconds: 15 })
  expect(parseConfig({ ...LIVE, STRIPE_AUTOMATIC_TAX: 'off' }).stripe.automaticTax).toBeNull()
  const set = { STRIPE_AUTOMATIC_TAX: 'inclusive', STRIPE_PATIENCE_SECONDS: '30' }
  expect(parseConfig({ ...LIVE, ...set }).stripe).toMatchObject({ automaticTax: 'inclusive', patienceSeconds: 30 })
})

describe('the configuration in local mode', () => {
  test('nothing is required: defaults fill in what is missing, and the sandbox replaces Stripe', () => {
    const config = parseConfig({})

    expect(config).toMatchObject({
      mode: 'local',
      isLocal: true,
      host: '127.0.0.1',
      appUrl: 'http://localhost:3000',
      sandboxUrl: 'http://127.0.0.1:4242',
      stripe: { apiBase: 'http://127.0.0.1:4242' },
    })
  })

  test.each(['https://scrip.example', 'http://192.168.1.20:3000', 'http://localhost.example'])(
    'the app does not start at %s, where others could read its mails',
    (url) => {
      expect(refusalOf({ APP_URL: url })).toContain(
        'APP_URL is not an address of this machine. Set NODE_ENV=production',
      )
      expect(refusalOf({ SCRIP_MODE: 'local', NODE_ENV: 'production', APP_URL: url })).toContain('APP_URL')
    },
  )

  test.each(['http://localhost:3000', 'http://127.0.0.1', 'https://localhost', 'http://[::1]:3000'])(
    'the app starts at %s',
    (url) => {
      expect(parseConfig({ APP_URL: url }).isLocal).toBe(true)
    },
  )

  test.each(['sk_live_0123456789', 'rk_live_0123456789', ' sk_live_0123456789'])(
    'the app does not start with %s',
    (key) => {
      const refusal = refusalOf({ STRIPE_SECRET_KEY: key })
      expect(refusal).toContain('STRIPE_SECRET_KEY is a live key. Set NODE_ENV=production')
      expect(refusal).not.toContain('0123456789')
    },
  )

  test('given values are used: the port changes the address, a Stripe key turns the sandbox off', () => {
    const config = parseConfig({ PORT: '4000', STRIPE_SECRET_KEY: 'sk_test_mine' })

    expect(config).toMatchObject({ port: 4000, appUrl: 'http://localhost:4000', sandboxUrl: null })
    expect(config.stripe).toMatchObject({ secretKey: 'sk_test_mine', apiBase: null })
  })

  test('the sandbox can be at another address', () => {
    expect(parseConfig({ STRIPE_API_BASE: 'http://localhost:5000/' }).sandboxUrl).toBe('http://localhost:5000')
  })

  test('SCRIP_MODE takes precedence over NODE_ENV, which React needs for itself', () => {
    expect(parseConfig({ SCRIP_MODE: 'local', NODE_ENV: 'production' }).mode).toBe('local')
  })
})

describe('the confirmation of addresses', () => {
  const required = (environment: Record<string, string>) => parseConfig(environment).requireConfirmedEmail
  const local = { SCRIP_MODE: 'local' }

  test('production requires it, whatever else is set', () => {
    expect(required(LIVE)).toBe(true)
  })

  test('local mode requires it when mails are sent, not when they are only kept for the mailbox page', () => {
    expect(required({ ...local, SMTP_URL: 'smtp://127.0.0.1:25' })).toBe(true)
    expect(required(local)).toBe(false)
  })

  test('local mode requires it on request, and the setting never lowers the requirement', () => {
    expect(required({ ...local, REQUIRE_CONFIRMED_EMAIL: 'true' })).toBe(true)
    expect(refusalOf({ ...LIVE, REQUIRE_CONFIRMED_EMAIL: 'false' })).toContain(
      'REQUIRE_CONFIRMED_EMAIL can only be true',
    )
  })
})

test('docs/environment.md documents every variable', () => {
  const source = readFileSync('app/config.server.ts', 'utf8')
  const schema = /const variables = z\.object\(\{([\s\S]*?)\n\}\)/.exec(source)?.[1] ?? ''
  const names = [...schema.matchAll(/^ {2}([A-Z_]+):/gm)].map((match) => match[1])
  const docs = readFileSync('docs/environment.md', 'utf8')

  expect(names.length).toBeGreaterThan(10)
  expect(names.filter((name) => !docs.includes(`### \`${name}\`\n`))).toEqual([])
})

test('records are kept for 400 days, for as long as the operator says, or forever', () => {
  expect(parseConfig(LIVE).keepDays).toEqual({ webhookEvents: 400, mails: 400, runResults: 400 })
  const set = { KEEP_WEBHOOK_EVENTS_DAYS: '0', KEEP_MAILS_DAYS: '31', KEEP_RUN_RESULTS_DAYS: '7' }
  expect(parseConfig({ ...LIVE, ...set }).keepDays).toEqual({ webhookEvents: 0, mails: 31, runResults: 7 })
})

test('events are kept at least as long as their contents', () => {
  expect(parseConfig({ ...LIVE, WEBHOOK_PAYLOAD_DAYS: '1000' }).keepDays.webhookEvents).toBe(1000)
  expect(refusalOf({ ...LIVE, WEBHOOK_PAYLOAD_DAYS: '1000', KEEP_WEBHOOK_EVENTS_DAYS: '400' })).toContain(
    'KEEP_WEBHOOK_EVENTS_DAYS is below WEBHOOK_PAYLOAD_DAYS',
  )
})
