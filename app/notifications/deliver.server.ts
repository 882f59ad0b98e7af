import { createHash } from 'node:crypto'
import type { Types } from 'mongoose'
import { type User, UserModel } from '#models/user.server.ts'
import { now } from '../clock.server.ts'
import { config } from '../config.server.ts'
import { mayBeAStrangers } from '../email-confirmation/require-confirmed-email.server.ts'
import { isTimeZone } from '../format.ts'
import { logger } from '../log.server.ts'
import { TRIES_MAX, waitAfter } from './backoff.ts'
import { confirmationUrl } from './confirmation-token.server.ts'
import { contentOf } from './content.ts'
import { KIND_RULES, type NotificationContent, parseContent, staleAfter } from './kinds.ts'
import { MailFailed } from './mail-failure.ts'
import { type OutgoingMail, sendMail } from './mail.server.ts'
import { endTurn, keepTurn, takeTurn, type Turn } from './mail-turn.server.ts'
import {
  claimNext,
  finish,
  type Leased,
  listReaders,
  markSending,
  recoverAbandoned,
  UNCONFIRMED,
} from './outbox-store.server.ts'
import { renderMail } from './render-mail.ts'
import { settingsOf } from './settings.server.ts'
import { MAIL_NAMES } from './settings.ts'
import { unsubscribeUrl } from './unsubscribe-token.server.ts'

/** A round and its last deliveries end within the lock of the job; other mails wait for the next round. */
const ROUND_MS = 20_000
const AT_ONCE = 4

/** Updates a mail; null if there is nothing left to say. */
type StillTrue = (userId: Types.ObjectId, content: NotificationContent) => Promise<NotificationContent | null>

const asQueued: StillTrue = (_userId, content) => Promise.resolve(content)

interface DeliveryRound {
  sent: number
  failed: number
  suppressed: number
  /** Handed over without an answer, by this process or one that died. */
  unconfirmed: number
}

/**
 * Sends what is due in the outbox. Several processes may run it at once: each mail is claimed by a lease, and sent once. If it
 * is unknown whether it was sent, its kind decides between a second copy and a person's decision. The mails of a user are
 * sent one after the other, in the order in which their facts happened; a mail that waits for a retry does not hold up the
 * others.
 */
export async function deliverDue(stillTrue: StillTrue = asQueued): Promise<DeliveryRound> {
  const abandoned = await recoverAbandoned()
  if (abandoned.ask > 0) reportUnconfirmed(abandoned.ask)
  const round: DeliveryRound = { sent: 0, failed: 0, suppressed: 0, unconfirmed: abandoned.ask }
  const end = performance.now() + ROUND_MS
  let serverIsDown = false
  // A server that cannot be reached fails every mail: do not use up the tries of the others.
  const goesOn = () => !serverIsDown && performance.now() < end
  const readers = await listReaders()
  const sendAll = async (turn: Turn) => {
    while (goesOn() && (await keepTurn(turn))) {
      const mail = await claimNext(turn.userId)
      if (!mail) return
      const result = await deliver(mail, stillTrue)
      if (result === 'unreachable') serverIsDown = true
      round[result === 'unreachable' ? 'failed' : result]++
    }
  }
  const work = async () => {
    for (let reader = readers.shift(); reader && goesOn(); reader = readers.shift()) {
      const turn = await takeTurn(reader)
      if (turn) await sendAll(turn).finally(() => endTurn(turn))
    }
  }
  // Waits for all of them even if one fails: nothing may continue after the run.
  const workers = await Promise.allSettled(Array.from({ length: AT_ONCE }, work))
  const failure = workers.find((worker) => worker.status === 'rejected')
  if (failure) throw failure.reason
  return round
}

type Result = keyof DeliveryRound | 'unreachable'

async function deliver(notification: Leased, stillTrue: StillTrue): Promise<Result> {
  const prepared = await prepare(notification, stillTrue)
  if ('reason' in prepared) {
    await finish(notification, { status: 'suppressed', outcome: prepared.reason })
    return 'suppressed'
  }
  if ('broken' in prepared) {
    logger.error({ err: prepared.broken, notification: notification._id, alert: true }, 'A mail could not be written')
    await finish(notification, {
      status: 'dead',
      lastError: messageOf(prepared.broken),
      outcome: 'It cannot be written.',
    })
    return 'failed'
  }
  if (!(await markSending(notification, prepared.mail.to))) return 'failed'
  try {
    await sendMail(prepared.mail)
  } catch (error) {
    return handleFailure(notification, error)
  }
  await finish(notification, { status: 'sent', sentAt: now() })
  return 'sent'
}

/** Writes the mail, or says why it is not sent: it may be unwanted or too late by now. */
async function prepare(
  notification: Leased,
  stillTrue: StillTrue,
): Promise<{ mail: OutgoingMail } | { reason: string } | { broken: unknown }> {
  let content: NotificationContent
  try {
    content = parseContent(notification.kind, notification.data)
  } catch (error) {
    return { broken: error }
  }
  if (now() > staleAfter(content, notification.createdAt)) return { reason: 'It was too late to be useful.' }
  if (content.kind === 'operator_attention') return { mail: write(notification._id, content, null) }
  const user = await UserModel.findById(notification.userId).lean<User>()
  if (!user) return { reason: 'The user is gone.' }
  const { setting } = KIND_RULES[content.kind]
  if (setting && mayBeAStrangers(user)) return { reason: 'The address is not confirmed.' }
  if (setting && !settingsOf(user)[setting]) return { reason: `The user turned off mails ${MAIL_NAMES[setting]}.` }
  if (content.kind === 'email_confirmation' && user.emailConfirmedAt) return { reason: 'The address is confirmed.' }
  const current = await stillTrue(notification.userId, content)
  if (!current) return { reason: 'It is no longer true.' }
  try {
    return { mail: write(notification._id, current, user) }
  } catch (error) {
    return { broken: error }
  }
}

/** @param user whom it goes to; null for the operator */
function write(id: string, content: NotificationContent, user: User | null): OutgoingMail {
  const { appUrl, operatorEmail } = config()
  const context = {
    // Whoever opened the account typed the name, and the address may belong to another person.
    name: user && !mayBeAStrangers(user) ? user.name : '',
    timeZone: user && isTimeZone(user.timeZone) ? user.timeZone : 'UTC',
    appUrl,
    confirmationUrl: user ? confirmationUrl(user) : '',
  }
  const { setting } = KIND_RULES[content.kind]
  const stop = user && setting && { url: unsubscribeUrl(user._id, setting), about: MAIL_NAMES[setting] }
  return {
    to: user?.email ?? operatorEmail,
    ...renderMail(contentOf(content, context), context, stop),
    messageId: messageIdOf(id),
    headers: {
      // Answering machines must not answer.
      'Auto-Submitted': 'auto-generated',
      // RFC 8058: the mail program's own button.
      ...(stop && { 'List-Unsubscribe': `<${stop.url}>`, 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' }),
    },
  }
}

/** The same for every copy of a mail, so that mail programs show two copies as one. */
function messageIdOf(id: string): string {
  const digest = createHash('sha256').update(id).digest('hex').slice(0, 40)
  return `<${digest}@${new URL(config().appUrl).hostname}>`
}

async function handleFailure(notification: Leased, error: unknown): Promise<Result> {
  const fate = error instanceof MailFailed ? error.fate : 'not_sent'
  const lastError = messageOf(error)
  const { _id: id, kind, attempts } = notification
  if (fate === 'unknown' && KIND_RULES[kind as NotificationContent['kind']].whenUnknown === 'ask') {
    reportUnconfirmed(1)
    await finish(notification, { status: 'unconfirmed', lastError, outcome: UNCONFIRMED })
    return 'unconfirmed'
  }
  if (fate === 'refused' || attempts >= TRIES_MAX) {
    const outcome = fate === 'refused' ? 'The mail server rejected it.' : `It failed ${attempts} times.`
    logger.error({ notification: id, attempts, alert: true }, 'Gave up on a mail')
    await finish(notification, { status: 'dead', lastError, outcome })
    return 'failed'
  }
  const nextAttemptAt = new Date(now().getTime() + waitAfter(attempts))
  logger.warn({ err: error, notification: id, attempts }, 'A mail could not be delivered and will be tried again')
  await finish(notification, { status: 'failed', lastError, nextAttemptAt })
  return isConnectionFailure(error) ? 'unreachable' : 'failed'
}

/** The server did not answer, or refused the log-in: the next mail would fail too. */
function isConnectionFailure(error: unknown): boolean {
  if (!(error instanceof MailFailed) || error.fate !== 'not_sent') return false
  const { command = 'CONN' } = error.cause as { command?: string }
  return !['MAIL FROM', 'RCPT TO', 'DATA'].includes(command)
}

function reportUnconfirmed(mails: number): void {
  logger.error({ mails, alert: true }, 'A mail about money may or may not have been sent: a person must decide')
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error)).slice(0, 500)
