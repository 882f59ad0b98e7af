import { z } from 'zod'
import { brand } from './brand.mjs'
import {
  isLocalAddress,
  isLoopback,
  LOCAL_DEFAULTS,
  localProblems,
  productionProblems,
} from './environment-problems.server.ts'

type Mode = 'production' | 'local' | 'test'

/** How long credits can be spent after a failed payment. */
const GRACE_PERIOD_DAYS = 3
const DRAIN_SECONDS = 5
const KEEP_DAYS = 400
/** Stripe lists its events, and can send them again, for 30 days. */
const EVENT_DAYS_MIN = 31
const DAYS_MAX = 3_650

const text = z.string().trim().min(1, 'is missing')
// An empty secret would be known to everyone.
const list = text
  .transform((value) => value.split(',').map((part) => part.trim()))
  .refine((parts) => parts.every((part) => part !== ''), 'has an empty part')

const httpUrl = text
  .refine((value) => /^https?:\/\//.test(value) && URL.canParse(value), 'is not an http or https address')
  .transform((value) => value.replace(/\/+$/, ''))

const wholeNumber = (min: number, max: number) =>
  z.coerce
    .number('is not a number')
    .int('is not a whole number')
    .min(min, min === 0 ? 'is negative' : `is below ${min}`)
    .max(max, `is above ${max}`)

/** A number of days; 0 means forever. */
const daysOrForever = (min: number) =>
  wholeNumber(0, DAYS_MAX).refine((days) => days <= 0 || days >= min, {
    error: `is neither 0 (forever) nor at least ${min}`,
    abort: true,
  })

const variables = z.object({
  PORT: z.coerce.number('is not a port').int('is not a port').min(0, 'is not a port').max(65_535, 'is not a port'),
  HOST: text.optional(),
  APP_URL: httpUrl.refine((value) => {
    const url = new URL(value)
    return url.pathname === '/' && url.search === '' && url.hash === '' && url.username === ''
  }, 'has more than a scheme, a host and a port'),
  MONGODB_URI: text.refine((value) => /^mongodb(\+srv)?:\/\/[^/]+/.test(value), 'is not a mongodb:// address'),
  STRIPE_SECRET_KEY: text,
  STRIPE_WEBHOOK_SECRET: list,
  STRIPE_API_BASE: httpUrl.optional(),
  STRIPE_AUTOMATIC_TAX: z
    .enum(['off', 'exclusive', 'inclusive'], { error: 'is none of off, exclusive and inclusive' })
    .default('off'),
  STRIPE_PATIENCE_SECONDS: wholeNumber(1, 60).default(15),
  /** Allows a test key in production: see productionProblems. */
  ALLOW_STRIPE_TEST_KEY: z.enum(['0', '1'], { error: 'is neither 0 nor 1' }).optional(),
  SESSION_SECRET: list,
  SMTP_URL: text
    .refine((value) => /^smtps?:\/\/\S+$/.test(value) && URL.canParse(value), 'is not an smtp:// or smtps:// address')
    .optional(),
  REQUIRE_CONFIRMED_EMAIL: z.literal('true', 'can only be true; leave it out instead').optional(),
  MAIL_FROM: text.regex(/^[^\r\n]*[^\s<>@]+@[^\s<>@]+>?$/, 'is not an e-mail address'),
  SCRIP_INSTALLATION: list
    .refine((tags) => tags.every((tag) => /^[a-z0-9][a-z0-9_-]{0,39}$/.test(tag)), 'is not a list of lower case names')
    .default(['scrip']),
  OPERATOR_EMAIL: text.regex(/^[^\s<>@]+@[^\s<>@]+$/, 'is not an e-mail address').optional(),
  METRICS_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]{16,}$/, 'is not at least 16 characters without spaces')
    .optional(),
  OPENAI_API_KEY: text.optional(),
  OPENAI_BASE_URL: httpUrl.optional(),
  TRUST_PROXY: wholeNumber(0, 10).default(0),
  DRAIN_SECONDS: wholeNumber(0, 60).optional(),
  WEBHOOK_PAYLOAD_DAYS: wholeNumber(EVENT_DAYS_MIN, DAYS_MAX).default(90),
  KEEP_WEBHOOK_EVENTS_DAYS: daysOrForever(EVENT_DAYS_MIN).optional(),
  /** A repeated event can queue a mail again. */
  KEEP_MAILS_DAYS: daysOrForever(EVENT_DAYS_MIN).default(KEEP_DAYS),
  KEEP_RUN_RESULTS_DAYS: daysOrForever(1).default(KEEP_DAYS),
  SCRIP_DATA: text.default('.scrip'),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).optional(),
})

const agreeing = variables.refine(
  ({ KEEP_WEBHOOK_EVENTS_DAYS: days, WEBHOOK_PAYLOAD_DAYS }) => !days || days >= WEBHOOK_PAYLOAD_DAYS,
  { path: ['KEEP_WEBHOOK_EVENTS_DAYS'], error: 'is below WEBHOOK_PAYLOAD_DAYS' },
)

/** The environment is not valid: `message` names every variable that is missing or wrong. */
export class InvalidConfig extends Error {
  override readonly name = 'InvalidConfig'
}

let parsed: Config | null = null

/**
 * Reads the environment once.
 * @throws InvalidConfig naming every bad variable; in production the process ends instead, with the same message
 */
export function config(): Config {
  if (parsed) return parsed
  if (modeOf(process.env) !== 'test') loadEnvFile()
  try {
    parsed = parseConfig(process.env)
  } catch (error) {
    if (!(error instanceof InvalidConfig) || modeOf(process.env) !== 'production') throw error
    console.error(error.message)
    process.exit(1)
  }
  return parsed
}

/** Forgets the settings, for tests that change the environment. */
export function resetConfig(): void {
  parsed = null
}

/** Every setting of the app, checked. Nothing else in `app` reads `process.env`. */
export type Config = ReturnType<typeof parseConfig>

/**
 * Turns an environment into a {@link Config}.
 * @throws InvalidConfig naming every bad variable in one message
 */
export function parseConfig(environment: Record<string, string | undefined>) {
  const mode = modeOf(environment)
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value?.trim()))
  const result = agreeing.safeParse({ ...fallbacks(mode, given), ...given })
  const problems = result.success ? [] : result.error.issues.map(describe)
  if (mode === 'production') problems.push(...productionProblems(given))
  if (mode === 'local') problems.push(...localProblems(given))
  if (!result.success || problems.length > 0) throw new InvalidConfig(refusal(mode, problems))

  const env = result.data
  return {
    mode,
    /** Not production: the sandbox may stand in for Stripe and the mailbox page for a mail server. */
    isLocal: mode !== 'production',
    port: env.PORT,
    /** The interface to listen on; null means all of them. */
    host: env.HOST ?? (mode === 'production' ? null : '127.0.0.1'),
    /** The public address, without a slash at its end. */
    appUrl: new URL(env.APP_URL).origin,
    mongodbUri: env.MONGODB_URI,
    stripe: {
      secretKey: env.STRIPE_SECRET_KEY,
      webhookSecrets: env.STRIPE_WEBHOOK_SECRET,
      apiBase: env.STRIPE_API_BASE ?? null,
      /** Whether Stripe Tax adds the tax to the prices or finds it within them; null where it is off. */
      automaticTax: env.STRIPE_AUTOMATIC_TAX === 'off' ? null : env.STRIPE_AUTOMATIC_TAX,
      /** How long a page waits for Stripe in all, before it says that Stripe does not answer. */
      patienceSeconds: env.STRIPE_PATIENCE_SECONDS,
    },
    textProvider: textProviderOf(mode, env),
    /** The first one signs, all of them verify. */
    sessionSecrets: env.SESSION_SECRET,
    smtpUrl: env.SMTP_URL ?? null,
    /**
     * Nothing can be bought, and no API key created, before the user's address is confirmed: see docs/decisions/0016. Mails
     * on the mailbox page can be read by everyone, so they prove nothing.
     */
    requireConfirmedEmail:
      mode === 'production' || env.SMTP_URL !== undefined || env.REQUIRE_CONFIRMED_EMAIL !== undefined,
    /** Mails are sent encrypted or not at all. */
    smtpRequiresTls: mode === 'production' && env.SMTP_URL !== undefined && !isLoopback(new URL(env.SMTP_URL).hostname),
    /** Tags of this installation's objects at Stripe: the first is written, all are known. */
    installations: env.SCRIP_INSTALLATION,
    mailFrom: env.MAIL_FROM,
    /** Where questions of customers go. */
    supportAddress: brand.supportAddress ?? addressOf(env.MAIL_FROM),
    /** Who gets a mail when only a human can decide what is right. */
    operatorEmail: env.OPERATOR_EMAIL ?? addressOf(env.MAIL_FROM),
    /** What a program that reads `/metrics` has to send; null where there is none. */
    metricsToken: env.METRICS_TOKEN ?? null,
    /** How many proxies in front of the app are believed about the client's address. */
    trustedProxies: env.TRUST_PROXY,
    /** How long a stopping process still takes requests, until every load balancer has noticed. */
    drainSeconds: env.DRAIN_SECONDS ?? (mode === 'production' ? DRAIN_SECONDS : 0),
    /** How long the contents of processed webhook events are kept. */
    webhookPayloadDays: env.WEBHOOK_PAYLOAD_DAYS,
    /** How many days each is kept; 0 means forever. */
    keepDays: {
      webhookEvents: env.KEEP_WEBHOOK_EVENTS_DAYS ?? Math.max(KEEP_DAYS, env.WEBHOOK_PAYLOAD_DAYS),
      mails: env.KEEP_MAILS_DAYS,
      runResults: env.KEEP_RUN_RESULTS_DAYS,
    },
    gracePeriodDays: GRACE_PERIOD_DAYS,
    dataFolder: env.SCRIP_DATA,
    /** Where the Stripe sandbox is, when it stands in for Stripe. */
    sandboxUrl: mode === 'production' ? null : (env.STRIPE_API_BASE ?? null),
    logLevel: env.LOG_LEVEL ?? (mode === 'test' ? 'silent' : 'info'),
  }
}

/** Where texts are generated: an OpenAI-compatible API, or in local mode the sandbox's demo model; null where there is none. */
function textProviderOf(mode: Mode, env: z.output<typeof agreeing>) {
  const { OPENAI_API_KEY: apiKey, OPENAI_BASE_URL: baseUrl = null, STRIPE_API_BASE: sandbox } = env
  if (apiKey) return { apiKey, baseUrl, isDemo: false }
  return mode === 'production' || !sandbox
    ? null
    : { apiKey: 'demo', baseUrl: `${sandbox}/text-model/v1`, isDemo: true }
}

/** "Name <billing@example.com>" without the name. */
const addressOf = (sender: string): string => /<([^<>]+)>/.exec(sender)?.[1] ?? sender

function modeOf(environment: Record<string, string | undefined>): Mode {
  const { SCRIP_MODE, NODE_ENV, VITEST } = environment
  if (SCRIP_MODE === 'production' || SCRIP_MODE === 'local' || SCRIP_MODE === 'test') return SCRIP_MODE
  if (VITEST) return 'test'
  return NODE_ENV === 'production' ? 'production' : 'local'
}

function fallbacks(mode: Mode, given: Record<string, string | undefined>): Record<string, string> {
  const port = given.PORT ?? '3000'
  // The name is quoted, because it may contain a comma.
  const sender = { MAIL_FROM: `"${brand.name}" <${brand.senderAddress}>` }
  if (mode === 'production') return { PORT: port, ...(isLocalAddress(brand.senderAddress) ? {} : sender) }
  const sandbox: Record<string, string> = given.STRIPE_SECRET_KEY
    ? {}
    : { STRIPE_API_BASE: `http://127.0.0.1:${given.SANDBOX_PORT ?? '4242'}` }
  return { ...LOCAL_DEFAULTS, ...sender, ...sandbox, PORT: port, APP_URL: `http://localhost:${port}` }
}

// The message never has values: many are secrets.
function describe(issue: z.core.$ZodIssue): string {
  const missing = issue.code === 'invalid_type' && issue.message.includes('undefined')
  return `${String(issue.path[0])} ${missing ? 'is missing' : issue.message}`
}

function refusal(mode: Mode, problems: string[]): string {
  const lines = [...new Set(problems)].map((problem) => `  ${problem}`)
  return [`${brand.name} cannot start in ${mode} mode:`, ...lines, 'docs/environment.md explains each variable.'].join(
    '\n',
  )
}

function loadEnvFile(): void {
  try {
    // Variables that are already set win over the file.
    process.loadEnvFile('.env')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
