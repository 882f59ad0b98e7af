import type { Types } from 'mongoose'
import { z } from 'zod'
import type { OptionalMail } from './settings.ts'

/*
 * Every kind of mail, and the data that it needs. content.ts has the words.
 */

const DAY_MS = 24 * 60 * 60 * 1000

const credits = z.int()
/** Minor units of `currency`. */
const amount = z.int()
const count = z.int().nonnegative()
const currency = z.string().regex(/^[a-z]{3}$/)
/** False where tax comes on top. */
const isExact = z.boolean().default(true)
/** What each period costs. */
const price = z.strictObject({
  amount,
  currency,
  interval: z.enum(['day', 'week', 'month', 'year']),
  intervalCount: z.int().positive().default(1),
  isExact,
})
const plan = z.string().min(1).max(100)
const money = z.strictObject({ amount, currency })
/** A page of Stripe's or a bank's: an invoice, a confirmation. */
const link = z.url({ protocol: /^https?$/ }).max(2_000)

const keyPrefix = z.string().regex(/^sk_scrip_[0-9a-f]{6}$/)

/** Unused credits that will expire: of a plan or not, by themselves or above a limit. */
const loss = z.strictObject({ at: z.date(), credits, plan: plan.nullable(), limit: credits.nullable() })
const losses = z.array(loss).default([])

/** The button of a mail about credits, decided when the mail is sent. */
const way = z.enum(['use', 'buy', 'update-card', 'confirm', 'restart', 'wait']).optional()
/** Why credits cannot be spent, likewise decided then. */
const pause = z.string().max(500).optional()

const schemas = {
  payment_receipt: z.strictObject({
    amount,
    currency,
    /** What was bought: "Daily, 1 May to 1 Jun 2026", "500 credits". */
    description: z.string().min(1).max(200),
    /** Credits that it added; 0 for none. */
    credits,
    paidAt: z.date(),
    invoiceUrl: link.nullable(),
  }),
  /** A renewal could not be charged; spending continues until the grace period ends. */
  payment_failed: z.strictObject({ amount, currency, plan, failedAt: z.date(), graceEndsAt: z.date() }),
  /** The bank wants the customer to confirm the payment. */
  action_required: z.strictObject({
    amount,
    currency,
    plan,
    /** Stripe's page for it; without one the mail leads to the billing page. */
    confirmUrl: link.nullable(),
  }),
  trial_ending: z.strictObject({
    plan,
    trialEndsAt: z.date(),
    /** What is charged when it ends, and the credits that this adds, if known. */
    next: z.strictObject({ amount, currency, credits, isExact }).nullable(),
    price: price.nullable(),
  }),
  /** A trial started with a card that was used for the trial of another account. */
  trial_without_credits: z.strictObject({ plan }),
  /** Canceled at the end of the period. */
  subscription_canceled: z.strictObject({
    plan,
    worksUntil: z.date(),
    /** The open payment that is still collected. */
    owed: money.nullable().default(null),
    /** What is charged before it ends, for something beside the plan. */
    next: z.strictObject({ amount, currency, at: z.date(), isExact }).nullable().default(null),
    losses,
  }),
  /** Paused with nothing due, mostly because its trial ended without a card. */
  subscription_paused: z.strictObject({
    plan,
    /** When its trial ended, if that is why. */
    trialEndedAt: z.date().nullable(),
    /** What resuming costs, if known. */
    price: price.nullable(),
    losses,
  }),
  /** A cancellation was undone, or a paused subscription was resumed. */
  subscription_resumed: z.strictObject({
    plan,
    /** The next payment, if known. */
    next: z.strictObject({ amount, currency, at: z.date(), isExact }).nullable(),
  }),
  subscription_ended: z.strictObject({
    plan,
    endedAt: z.date(),
    /** As in `subscription.endedReason`: `cancellation_requested`, `payment_failed`, `payment_disputed`, … */
    reason: z.string().max(100),
    /** The open payment that is not charged, because the plan was canceled without paying. */
    voided: money.nullable().default(null),
    losses,
  }),
  credits_low: z.strictObject({
    credits,
    threshold: credits,
    /** The next credits that arrive by themselves, if known. */
    arrival: z.strictObject({ credits, at: z.date() }).nullable(),
    /** When the plan renews, if it does. */
    renewsAt: z.date().nullable(),
    way,
    pause,
  }),
  /** Credits arrived without a payment that has a receipt: a month of a yearly plan, a won dispute. */
  credits_arrived: z.strictObject({
    credits,
    balance: credits,
    /** Their source, as a sentence without its period: "Your plan’s credits for this month". */
    description: z.string().min(1).max(200),
    expiresAt: z.date().nullable(),
    way,
    pause,
  }),
  credits_expiring: z.strictObject({
    at: z.date(),
    losses: z.array(loss.omit({ at: true })),
    way,
    pause,
  }),
  refund: z.strictObject({
    amount,
    currency,
    description: z.string().min(1).max(200),
    /** Credits that were taken back; 0 for none. */
    credits,
    refundedAt: z.date(),
    /** To the card, to the customer's balance, or outside of Stripe. */
    to: z.enum(['card', 'balance', 'elsewhere']).default('card'),
  }),
  dispute_opened: z.strictObject({ amount, currency, description: z.string().min(1).max(200), openedAt: z.date() }),
  /** Two plans were bought at once; this one was canceled in favor of the other. */
  duplicate_canceled: z.strictObject({
    plan,
    keptPlan: plan,
    /** What was credited to the customer's balance at Stripe; 0 for nothing. */
    amount,
    currency,
    /** Credits that were removed. */
    credits,
    canceledAt: z.date(),
  }),
  /** The bank returned the money to the cardholder for good. */
  dispute_lost: z.strictObject({
    amount,
    currency,
    description: z.string().min(1).max(200),
    /** Credits of the payment that are not restored; 0 for none. */
    credits,
    lostAt: z.date(),
    /** Spending stays paused for another reason. */
    isPaused: z.boolean(),
  }),
  /** The bank wants the customer to confirm an automatic top-up, which is paused until then. */
  top_up_confirm: z.strictObject({ amount, currency, credits, confirmUrl: link.nullable() }),
  /** Automatic top-up has stopped until the customer turns it on again. */
  top_up_stopped: z.strictObject({ reason: z.enum(['declined', 'no_card', 'refused']), amount, currency, credits }),
  /** Automatic top-up has reached its limit for the month. */
  top_up_limit: z.strictObject({ timesMax: count, amountMax: amount, currency, resetsAt: z.date() }),
  password_changed: z.strictObject({
    /** By the link from a mail, not with the old password. */
    byReset: z.boolean(),
    changedAt: z.date(),
    keysRevoked: count,
    /** API keys that still work. */
    keysLeft: count,
  }),
  /** The link is made when the mail is written, so nothing of it is stored. */
  email_confirmation: z.strictObject({}),
  /** A sign-up with an address that has an account. */
  account_exists: z.strictObject({}),
  /** To the operator: money was paid, or a price is on sale, and only a person can say what is right. */
  operator_attention: z.strictObject({ object: z.string().min(1).max(255), sentence: z.string().min(1).max(500) }),
  api_key_created: z.strictObject({
    prefix: keyPrefix,
    createdAt: z.date(),
    canSpend: z.boolean().default(true),
    /** The key that it replaces. */
    replaces: z.strictObject({ prefix: keyPrefix, worksUntil: z.date() }).nullable().default(null),
  }),
  api_key_expiring: z.strictObject({ prefix: keyPrefix, expiresAt: z.date() }),
}

type Schemas = typeof schemas
export type NotificationKind = keyof Schemas
export type NotificationData<Kind extends NotificationKind> = z.output<Schemas[Kind]>

/** A notification without its recipient: a union by `kind`. */
export type NotificationContent = {
  [Kind in NotificationKind]: { kind: Kind; data: NotificationData<Kind> }
}[NotificationKind]

/** A mail with its recipient and its cause, for notify(). */
export type NotificationRequest = NotificationContent & {
  userId: Types.ObjectId
  /** The id of its cause, such as an invoice: each cause makes one mail of a kind, however often it repeats. */
  key: string
}

interface KindRules {
  /** The setting that turns it off; null for mails that every customer gets. */
  setting: OptionalMail | null
  /** An older mail would only confuse. */
  maxAgeMs: number
  /**
   * What to do if it is unknown whether it was sent: a second mail about money reads like a second charge, so a person
   * decides; any other is sent again with the same Message-ID.
   */
  whenUnknown: 'ask' | 'send_again'
  /**
   * The cause can be seen again at any age, so the key is never deleted. False only where the caller compares the cause's
   * age, or makes each key once.
   */
  isKeyKept: boolean
}

const transactional = { setting: null, maxAgeMs: 7 * DAY_MS, isKeyKept: true } as const

export const KIND_RULES: Record<NotificationKind, KindRules> = {
  payment_receipt: { ...transactional, whenUnknown: 'ask', isKeyKept: false },
  payment_failed: { ...transactional, maxAgeMs: 3 * DAY_MS, whenUnknown: 'ask' },
  action_required: { ...transactional, maxAgeMs: DAY_MS, whenUnknown: 'ask' },
  trial_without_credits: { ...transactional, whenUnknown: 'send_again' },
  subscription_canceled: { ...transactional, whenUnknown: 'send_again' },
  subscription_paused: { ...transactional, whenUnknown: 'send_again' },
  subscription_resumed: { ...transactional, whenUnknown: 'send_again' },
  subscription_ended: { ...transactional, whenUnknown: 'send_again' },
  credits_expiring: { ...transactional, whenUnknown: 'send_again', isKeyKept: false },
  refund: { ...transactional, whenUnknown: 'ask' },
  dispute_opened: { ...transactional, whenUnknown: 'ask' },
  dispute_lost: { ...transactional, whenUnknown: 'ask' },
  duplicate_canceled: { ...transactional, whenUnknown: 'ask' },
  top_up_confirm: { ...transactional, whenUnknown: 'ask' },
  top_up_stopped: { ...transactional, whenUnknown: 'send_again' },
  top_up_limit: { ...transactional, whenUnknown: 'send_again' },
  password_changed: { ...transactional, whenUnknown: 'send_again', isKeyKept: false },
  email_confirmation: { ...transactional, maxAgeMs: 2 * DAY_MS, whenUnknown: 'send_again' },
  account_exists: { ...transactional, maxAgeMs: DAY_MS, whenUnknown: 'send_again', isKeyKept: false },
  operator_attention: { ...transactional, maxAgeMs: 30 * DAY_MS, whenUnknown: 'send_again' },
  api_key_created: { ...transactional, whenUnknown: 'send_again', isKeyKept: false },
  api_key_expiring: { ...transactional, whenUnknown: 'send_again', isKeyKept: false },
  trial_ending: { setting: 'trialEnding', maxAgeMs: 2 * DAY_MS, whenUnknown: 'send_again', isKeyKept: true },
  credits_low: { setting: 'creditsLow', maxAgeMs: DAY_MS, whenUnknown: 'send_again', isKeyKept: false },
  credits_arrived: { setting: 'creditsArrived', maxAgeMs: 2 * DAY_MS, whenUnknown: 'send_again', isKeyKept: true },
}

export const KINDS = Object.keys(KIND_RULES) as NotificationKind[]

/**
 * Parses the data of a kind, from a caller or from the outbox.
 * @throws ZodError
 */
export function parseContent(kind: string, data: unknown): NotificationContent {
  if (!isKind(kind)) throw new Error(`There is no notification of the kind ${kind}`)
  return { kind, data: schemas[kind].parse(data) } as NotificationContent
}

/** When a notification is no longer worth sending: by its age, or by the event that it announces. */
export function staleAfter(content: NotificationContent, createdAt: Date): Date {
  const byAge = new Date(createdAt.getTime() + KIND_RULES[content.kind].maxAgeMs)
  const byEvent = momentAhead(content) ?? byAge
  return byEvent < byAge ? byEvent : byAge
}

function momentAhead({ kind, data }: NotificationContent): Date | null {
  if (kind === 'trial_ending') return data.trialEndsAt
  if (kind === 'credits_expiring') return data.at
  return kind === 'api_key_expiring' ? data.expiresAt : null
}

/** The fields above that say when something happened. */
const MOMENTS = ['paidAt', 'failedAt', 'trialEndedAt', 'endedAt', 'refundedAt', 'openedAt', 'canceledAt', 'lostAt']

/** When the reported fact happened; null if the mail has no such date. */
export function happenedAt({ data }: NotificationContent): Date | null {
  const moments = MOMENTS.map((name) => (data as Record<string, unknown>)[name])
  return moments.find((moment) => moment instanceof Date) ?? null
}

const isKind = (kind: string): kind is NotificationKind => Object.hasOwn(schemas, kind)
