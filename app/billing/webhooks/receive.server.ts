import { type WebhookEvent, WebhookEventModel } from '#models/webhook-event.server.ts'
import { now } from '../../clock.server.ts'
import { catchUpWithSandbox } from '../../sandbox-clock.server.ts'
import { logger } from '../../log.server.ts'
import { needsHuman } from '../errors.ts'
import { ignored, type Outcome } from '../outcome.ts'
import { isLiveMode, verifySignature } from '../stripe/client.server.ts'
import { insertOnce } from '#models/insert-once.server.ts'
import { findUserByCustomer } from '../customers/users.server.ts'
import { type StripeEvent, toEvent } from './event.ts'
import { eventTable } from './event-table.ts'
import { unverifiableEvents } from './unverifiable-events/event-table.ts'

/** Stripe waits some ten seconds; what takes longer is answered with an error and comes again. */
const BUDGET_MS = 8_000

/** After so many failures an event is put aside, so that it does not starve the others; reconcile still looks at it. */
const ATTEMPTS_MAX = 12

/** What only a human can put right need not come again for longer than this: reconcile looks at it each hour. */
const HUMAN_MS = 60 * 60 * 1000

/** So many events of one customer at most are taken up again. */
const EARLY_MAX = 50

/** What can have come too early: of all the others, which nobody acts on, a customer may have any number. */
const canBeEarly = (type: string): boolean => /^(invoice|charge|customer\.subscription)\./.test(type)

export interface Receipt {
  /** False: Stripe shall send the event again. */
  handled: boolean
  /** True when it is not to come again although nothing came of it. */
  dead?: boolean
  outcome: string
  /** Something was done that had not been done before. */
  changed: boolean
  /** What its handler threw. */
  error?: unknown
}

/**
 * Receives an event: checks who sent it, stores it, acts on it, and notes what became of it. An event that was dealt
 * with before is answered at once.
 * @param body as it arrived, byte for byte
 * @throws InvalidSignature; then nothing has been written
 */
export async function receiveWebhook(body: string, signature: string | null): Promise<Receipt> {
  const place = verifySignature(body, signature)
  if (place > 0) logger.info({ place }, 'A webhook was signed with an older secret')
  await catchUpWithSandbox()
  const payload = parseJson(body)
  return takeEvent(toEvent(payload), payload)
}

/** Signed and no JSON: the schema then says that it is no event. */
function parseJson(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

/**
 * The same for an event whose origin is known: one that Stripe listed, or that is stored.
 * @param payload the event as it is to be stored
 */
export function takeEvent(event: StripeEvent, payload: unknown): Promise<Receipt> {
  return take(event, payload, { isEarly: false })
}

async function take(event: StripeEvent, payload: unknown, { isEarly }: { isEarly: boolean }): Promise<Receipt> {
  const isNew = await insertOnce(
    WebhookEventModel,
    { _id: event.id },
    {
      type: event.type,
      apiVersion: event.api_version ?? null,
      payload,
      status: 'received',
      attempts: 0,
      receivedAt: now(),
    },
  )
  const stored = await WebhookEventModel.findById(event.id).select({ status: 1, outcome: 1 }).lean<WebhookEvent>()
  if (stored?.status === 'processed' || stored?.status === 'ignored') {
    return { handled: true, outcome: stored.outcome ?? 'It was dealt with before.', changed: false }
  }
  try {
    const customerId = customerOf(event)
    const isStranger = (await findUserByCustomer(customerId)) === null
    const outcome = await withinBudget(act(event))
    const isKnownNow = isStranger && (await findUserByCustomer(customerId)) !== null
    // Of one that comes again, a process may have done its work and died over what had come early.
    const mayCount = isKnownNow || (!isNew && !isEarly) || (outcome.changed && isAboutMoney(event))
    if (customerId && mayCount) await takeIgnored(customerId)
    await finish(event.id, outcome)
    const last = (await secondLook(event, outcome)) ?? outcome
    return { handled: true, outcome: last.sentence, changed: last.changed }
  } catch (error) {
    return fail(event, error)
  }
}

/** What it was about may have come while it was put aside, and have looked for early word before that was written. */
async function secondLook(event: StripeEvent, first: Outcome): Promise<Outcome | null> {
  if (first.status !== 'ignored' || !canBeEarly(event.type) || !Object.hasOwn(eventTable, event.type)) return null
  if (!(await findUserByCustomer(customerOf(event)))) return null
  const outcome = await withinBudget(act(event))
  if (outcome.status !== 'ignored') await finish(event.id, outcome)
  return outcome
}

function customerOf({ data }: StripeEvent): string | null {
  const { customer } = data.object
  return typeof customer === 'string' ? customer : null
}

const isAboutMoney = ({ type }: StripeEvent): boolean => type.startsWith('invoice.')

/**
 * Word that came before it was known whose customer it is about, or of a refund whose payment nobody here had heard of,
 * was put aside as somebody else's. Now it may count; what does not is put aside again.
 */
async function takeIgnored(customerId: string): Promise<void> {
  const ignored = {
    'payload.data.object.customer': customerId,
    status: 'ignored' as const,
    type: { $in: Object.keys(eventTable).filter(canBeEarly) },
  }
  const early = await WebhookEventModel.find(ignored).sort({ receivedAt: 1 }).limit(EARLY_MAX).lean<WebhookEvent[]>()
  for (const { _id, payload } of early) {
    await WebhookEventModel.updateOne({ _id, status: 'ignored' }, { $set: { status: 'received' } })
    await take(toEvent(payload), payload, { isEarly: true })
  }
}

async function act(event: StripeEvent): Promise<Outcome> {
  if (event.isThin) return ignored('Thin events are not acted on.')
  if (event.account) return ignored(`It is about the connected account ${event.account}.`)
  if (typeof event.livemode === 'boolean' && event.livemode !== isLiveMode()) {
    return ignored(`It is of ${event.livemode ? 'live' : 'test'} mode, the key is not.`)
  }
  const handler = Object.hasOwn(eventTable, event.type) ? eventTable[event.type] : undefined
  if (!handler) return ignored('Events of this type are not acted on.')
  const outcome = await handler(event.data.object)
  if (!outcome.isUnknown) return outcome
  const unverified = Object.hasOwn(unverifiableEvents, event.type) ? unverifiableEvents[event.type] : undefined
  return unverified ? unverified(event.data.object, event.at ?? now()) : outcome
}

async function withinBudget<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`It took longer than ${BUDGET_MS} ms`)), BUDGET_MS)
  })
  // What goes on after that is idempotent; its failure is told by the next attempt.
  work.catch(() => undefined)
  return Promise.race([work, over]).finally(() => clearTimeout(timer))
}

async function finish(eventId: string, { status, sentence }: Outcome): Promise<void> {
  await WebhookEventModel.updateOne(
    { _id: eventId },
    { $set: { status, outcome: sentence, processedAt: now(), lastError: null }, $inc: { attempts: 1 } },
  )
}

/** A second delivery that fails late must not spoil the mark of one that went through: hence the filter. */
async function fail(event: StripeEvent, error: unknown): Promise<Receipt> {
  const lastError = error instanceof Error ? `${error.name}: ${error.message}`.slice(0, 1000) : 'unknown'
  const after = await WebhookEventModel.findOneAndUpdate(
    { _id: event.id, status: { $nin: ['processed', 'ignored'] } },
    { $set: { status: 'failed', lastError }, $inc: { attempts: 1 } },
    { returnDocument: 'after', projection: { attempts: 1, receivedAt: 1 } },
  ).lean<WebhookEvent>()
  if (!after) return { handled: true, outcome: 'Another delivery of it went through.', changed: false }
  const details = { event: event.id, type: event.type, attempts: after.attempts, err: error }
  const isHopeless = needsHuman(error) && now().getTime() - after.receivedAt.getTime() > HUMAN_MS
  if (after.attempts < ATTEMPTS_MAX && !isHopeless) {
    logger.warn(details, 'A webhook failed and is to come again')
    return { handled: false, outcome: lastError, changed: false, error }
  }
  await WebhookEventModel.updateOne({ _id: event.id, status: 'failed' }, { $set: { status: 'dead' } })
  logger.error(details, 'A webhook was put aside: it failed too often')
  return { handled: true, dead: true, outcome: lastError, changed: false, error }
}
