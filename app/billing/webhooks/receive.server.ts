import { insertOnce } from '#models/insert-once.server.ts'
import { type WebhookEvent, WebhookEventModel } from '#models/webhook-event.server.ts'
import { now } from '../../clock.server.ts'
import { logger } from '../../log.server.ts'
import { catchUpWithSandbox } from '../../sandbox-clock.server.ts'
import { withinTime } from '../../within-time.ts'
import { findUserByCustomer } from '../customers/users.server.ts'
import { needsHuman } from '../errors.ts'
import { ignored, type Outcome } from '../outcome.ts'
import { isLiveMode, verifySignature } from '../stripe/client.server.ts'
import { eventTable } from './event-table.ts'
import { customerOf, type StripeEvent, toEvent } from './event.ts'
import { inTurn } from './turns.ts'
import { unverifiableEvents } from './unverifiable-events/event-table.ts'

/** Stripe waits about ten seconds; slower work is answered with an error and retried. */
const BUDGET_MS = 8_000

/** An event that fails this often is set aside so that it does not block others; reconcile still handles it. */
const ATTEMPTS_MAX = 12

/** An event that needs manual review is not retried for longer than this: reconcile checks it hourly. */
const HUMAN_MS = 60 * 60 * 1000

/** The maximum of one customer's ignored events that are reprocessed. */
const EARLY_MAX = 50

/** Types that may arrive before their customer is linked. A customer may have any number of other events. */
const canBeEarly = (type: string): boolean => /^(invoice|charge|customer\.subscription)\./.test(type)

export interface Receipt {
  /** False: Stripe must send the event again. */
  handled: boolean
  /** True if it is not retried although it was not handled. */
  dead?: boolean
  outcome: string
  /** Something was done now that had not been done before. */
  changed: boolean
  /** The handler's error. */
  error?: unknown
}

/**
 * Receives an event: verifies the sender, stores it, handles it, and stores the outcome. A handled event is answered at
 * once. In a burst, events wait for their turn, or are left to Stripe's next attempt.
 * @param body as it arrived, byte for byte
 * @throws InvalidSignature; then nothing has been written
 */
export async function receiveWebhook(body: string, signature: string | null): Promise<Receipt> {
  const place = verifySignature(body, signature)
  if (place > 0) logger.info({ place }, 'A webhook was signed with an older secret')
  const payload = parseJson(body)
  const event = toEvent(payload)
  const handled = inTurn(customerOf(event.data.object), async () => {
    await catchUpWithSandbox()
    return takeEvent(event, payload)
  })
  return handled ?? { handled: false, outcome: 'Too many events wait.', changed: false }
}

/** Signed but not JSON: the schema then rejects it. */
function parseJson(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

/**
 * The same for an event of known origin: listed by Stripe, or stored.
 * @param payload the event as it is to be stored
 * @param options `isEarly`: it was ignored before its customer or payment was known
 */
export async function takeEvent(
  event: StripeEvent,
  payload: unknown,
  { isEarly = false }: { isEarly?: boolean } = {},
): Promise<Receipt> {
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
    return { handled: true, outcome: stored.outcome ?? 'It was handled before.', changed: false }
  }
  try {
    const customerId = customerOf(event.data.object)
    const isStranger = (await findUserByCustomer(customerId)) === null
    const outcome = await withinTime(act(event), BUDGET_MS)
    const isKnownNow = isStranger && (await findUserByCustomer(customerId)) !== null
    // On a retry, an earlier attempt may have died after its work but before reprocessing ignored events.
    const mayCount = isKnownNow || (!isNew && !isEarly) || (outcome.changed && event.type.startsWith('invoice.'))
    if (customerId && mayCount) await takeIgnored(customerId)
    await finish(event.id, outcome)
    const last = (await secondLook(event, outcome)) ?? outcome
    return { handled: true, outcome: last.sentence, changed: last.changed }
  } catch (error) {
    return fail(event, error)
  }
}

/** What the event needs may have arrived while it was being ignored, and looked for ignored events too early. */
async function secondLook(event: StripeEvent, first: Outcome): Promise<Outcome | null> {
  if (first.status !== 'ignored' || !canBeEarly(event.type) || !Object.hasOwn(eventTable, event.type)) return null
  if (!(await findUserByCustomer(customerOf(event.data.object)))) return null
  const outcome = await withinTime(act(event), BUDGET_MS)
  if (outcome.status !== 'ignored') await finish(event.id, outcome)
  return outcome
}

/**
 * Reprocesses events ignored because their customer or payment was not known yet. Those that still do not apply are
 * ignored again.
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
    await takeEvent(toEvent(payload), payload, { isEarly: true })
  }
}

async function act(event: StripeEvent): Promise<Outcome> {
  if (event.isThin) return ignored('Thin events are not handled.')
  if (event.account) return ignored(`It is about the connected account ${event.account}.`)
  if (typeof event.livemode === 'boolean' && event.livemode !== isLiveMode()) {
    return ignored(`It is of ${event.livemode ? 'live' : 'test'} mode, the key is not.`)
  }
  const handler = Object.hasOwn(eventTable, event.type) ? eventTable[event.type] : undefined
  if (!handler) return ignored('Events of this type are not handled.')
  const outcome = await handler(event.data.object)
  if (!outcome.isUnknown) return outcome
  const unverified = Object.hasOwn(unverifiableEvents, event.type) ? unverifiableEvents[event.type] : undefined
  return unverified ? unverified(event.data.object, event.at ?? now()) : outcome
}

async function finish(eventId: string, { status, sentence }: Outcome): Promise<void> {
  await WebhookEventModel.updateOne(
    { _id: eventId },
    { $set: { status, outcome: sentence, processedAt: now(), lastError: null }, $inc: { attempts: 1 } },
  )
}

/** A duplicate delivery that fails late must not overwrite a success: hence the filter. */
async function fail(event: StripeEvent, error: unknown): Promise<Receipt> {
  const lastError = error instanceof Error ? `${error.name}: ${error.message}`.slice(0, 1000) : 'unknown'
  const after = await WebhookEventModel.findOneAndUpdate(
    { _id: event.id, status: { $nin: ['processed', 'ignored'] } },
    { $set: { status: 'failed', lastError }, $inc: { attempts: 1 } },
    { returnDocument: 'after', projection: { attempts: 1, receivedAt: 1 } },
  ).lean<WebhookEvent>()
  if (!after) return { handled: true, outcome: 'Another delivery of it was handled.', changed: false }
  const details = { event: event.id, type: event.type, attempts: after.attempts, err: error }
  const isHopeless = needsHuman(error) && now().getTime() - after.receivedAt.getTime() > HUMAN_MS
  if (after.attempts < ATTEMPTS_MAX && !isHopeless) {
    logger.warn(details, 'A webhook failed and will be retried')
    return { handled: false, outcome: lastError, changed: false, error }
  }
  await WebhookEventModel.updateOne({ _id: event.id, status: 'failed' }, { $set: { status: 'dead' } })
  logger.error(details, 'A webhook failed too often and is not retried')
  return { handled: true, dead: true, outcome: lastError, changed: false, error }
}
