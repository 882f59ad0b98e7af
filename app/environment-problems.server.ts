type Given = Record<string, string | undefined>

/** The defaults of local mode. Production refuses these values, because everyone can read them here. */
export const LOCAL_DEFAULTS = {
  MONGODB_URI: 'mongodb://127.0.0.1:27017/scrip',
  STRIPE_SECRET_KEY: 'sk_test_scrip_local_sandbox_0123456789',
  STRIPE_WEBHOOK_SECRET: 'whsec_scrip_local_sandbox_0123456789',
  SESSION_SECRET: 'scrip-local-session-secret-not-for-production',
} as const

const SESSION_SECRET_LENGTH = 32
const SESSION_SECRET_CHARACTERS = 10
const PLACEHOLDER =
  /change.?(me|this|it)|replace.?(me|this|with)|your.?(own|secret|session)|example|placeholder|keyboard/i
/** Parameters of an SMTP address that turn off encryption, or choose another server than the address. */
const SMTP_WEAKER =
  /[?&](requireTLS=(?!true(&|$))|ignoreTLS|opportunisticTLS|service|tls\.rejectUnauthorized=(?!true(&|$)))/i

/**
 * Says which settings are well formed and still not fit for production.
 * @param given the environment's variables, without empty ones
 * @returns a sentence for each problem, without any value
 */
export function productionProblems(given: Given): string[] {
  return [
    ...missing(given),
    ...stripeProblems(given),
    ...sessionSecretProblems(given.SESSION_SECRET),
    ...smtpProblems(given.SMTP_URL),
    ...(isLocalAddress(given.MAIL_FROM) ? ['MAIL_FROM is an address of this machine'] : []),
    ...publishedValues(given),
    ...(hostOf(given.APP_URL) && !isProtected(given.APP_URL) ? ['APP_URL is not https'] : []),
  ]
}

/**
 * Says why local mode may not run here. It shows every mail at `/mailbox`, including reset links, so an installation that is
 * reachable from outside or takes real money must be in production mode.
 * @returns a sentence for each problem, without any value
 */
export function localProblems(given: Given): string[] {
  const problems: string[] = []
  const host = hostOf(given.APP_URL)
  if (host !== null && !isLoopback(host)) {
    problems.push('APP_URL is not an address of this machine. Set NODE_ENV=production')
  }
  if (isLiveKey(given.STRIPE_SECRET_KEY)) problems.push('STRIPE_SECRET_KEY is a live key. Set NODE_ENV=production')
  return problems
}

/** Whether a name or an address is that of the machine itself. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname)
}

/** Whether an email address, alone or with a name, is local to the machine. */
export function isLocalAddress(mailbox = ''): boolean {
  return /@localhost>?$/.test(mailbox)
}

function missing(given: Given): string[] {
  const problems: string[] = []
  if (!given.SMTP_URL) problems.push('SMTP_URL is missing')
  // No default: with a wrong number, all customers share one address, or each chooses its own.
  if (!given.TRUST_PROXY)
    problems.push('TRUST_PROXY is missing: set the number of proxies in front of the app, 0 for none')
  return problems
}

function stripeProblems({ STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET, STRIPE_API_BASE, ALLOW_STRIPE_TEST_KEY }: Given) {
  const problems: string[] = []
  if (STRIPE_SECRET_KEY && !/^(sk|rk)_(test|live)_\w+$/.test(STRIPE_SECRET_KEY)) {
    problems.push('STRIPE_SECRET_KEY is not a secret key (sk_live_…)')
  } else if (STRIPE_SECRET_KEY && !isLiveKey(STRIPE_SECRET_KEY) && ALLOW_STRIPE_TEST_KEY !== '1') {
    problems.push('STRIPE_SECRET_KEY is a test key: no payment is real. For staging set ALLOW_STRIPE_TEST_KEY=1')
  }
  if (STRIPE_WEBHOOK_SECRET && !STRIPE_WEBHOOK_SECRET.split(',').every((one) => /^\s*whsec_\S+\s*$/.test(one))) {
    problems.push('STRIPE_WEBHOOK_SECRET is not a list of whsec_…')
  }
  if (STRIPE_API_BASE) problems.push('STRIPE_API_BASE is for local mode: what answers there decides what is paid')
  return problems
}

function sessionSecretProblems(value = ''): string[] {
  const secrets = value.split(',').map((secret) => secret.trim())
  if (secrets.includes('')) return []
  const problems: string[] = []
  if (secrets.some((secret) => secret.length < SESSION_SECRET_LENGTH)) {
    problems.push(`SESSION_SECRET has a secret shorter than ${SESSION_SECRET_LENGTH} characters`)
  }
  if (secrets.some((secret) => secret.length >= SESSION_SECRET_LENGTH && isGuessable(secret))) {
    problems.push('SESSION_SECRET has a secret that can be guessed; `openssl rand -base64 32` makes a good one')
  }
  return problems
}

/** Whether it has few different characters, repeats itself, is a sequence, or comes from an example. */
function isGuessable(secret: string): boolean {
  const isUniform = new Set(secret).size < SESSION_SECRET_CHARACTERS
  return isUniform || isRepeated(secret) || isSequence(secret) || PLACEHOLDER.test(secret)
}

/** Whether it repeats one piece, as in `password1password1pass`. */
function isRepeated(secret: string): boolean {
  for (let period = 1; period <= secret.length / 2; period++) {
    if (secret.endsWith(secret.slice(0, secret.length - period))) return true
  }
  return false
}

/** Whether most characters equal or follow the one before, as in `abcdefgh12345678`. */
function isSequence(secret: string): boolean {
  const codes = [...secret].map((character) => character.codePointAt(0) ?? 0)
  const steps = codes.slice(1).map((code, index) => Math.abs(code - (codes[index] ?? 0)))
  return steps.filter((step) => step <= 1).length > secret.length / 2
}

function smtpProblems(value: string | undefined): string[] {
  const host = hostOf(value)
  if (host === null || isLoopback(host)) return []
  return SMTP_WEAKER.test(value ?? '') ? ['SMTP_URL has a parameter that weakens its encryption'] : []
}

function publishedValues(given: Given): string[] {
  return Object.entries(LOCAL_DEFAULTS)
    .filter(([name, value]) => name !== 'MONGODB_URI' && given[name]?.split(',').includes(value))
    .map(([name]) => `${name} is the published value of local mode`)
}

function isProtected(appUrl = ''): boolean {
  return appUrl.startsWith('https:') || isLoopback(hostOf(appUrl) ?? '')
}

function isLiveKey(key = ''): boolean {
  return /^(sk|rk)_live_/.test(key.trim())
}

function hostOf(address = ''): string | null {
  return URL.canParse(address) ? new URL(address).hostname : null
}
