import { Readable } from 'node:stream'
import { isObjectIdOrHexString } from 'mongoose'
import { createTransport, type Transporter } from 'nodemailer'
import { type Mail, MailModel } from '#models/mail.server.ts'
import { now } from '../clock.server.ts'
import { config } from '../config.server.ts'
import { logger } from '../log.server.ts'
import { fateOf, MailFailed } from './mail-failure.ts'

export interface OutgoingMail {
  to: string
  subject: string
  text: string
  html: string | null
  /** Shows that two deliveries are copies of one mail. */
  messageId?: string
  headers?: Record<string, string>
}

/** The limit of each step; all of them together have {@link DELIVERY_MAX_MS}. */
const DELIVERY_MS = 20_000
export const DELIVERY_MAX_MS = 35_000
const underWay = new Set<Promise<void>>()

/**
 * Sends a mail through `SMTP_URL`, in production encrypted or not at all; without it (local mode), to the mailbox page.
 * @throws MailFailed, which says whether the mail may have arrived
 */
export async function sendMail(mail: OutgoingMail): Promise<void> {
  const { smtpUrl, smtpRequiresTls, mailFrom } = config()
  if (!smtpUrl) {
    await MailModel.create({ to: mail.to, subject: mail.subject, text: mail.text, html: mail.html, sentAt: now() })
    return
  }
  const transport = transportTo(smtpUrl, smtpRequiresTls)
  const handover = watchHandover(transport)
  try {
    await transport.sendMail({
      from: mailFrom,
      // As an object, an address is not parsed: nothing in it can become a header or another recipient.
      to: { name: '', address: mail.to },
      subject: mail.subject,
      text: mail.text,
      html: mail.html ?? undefined,
      messageId: mail.messageId,
      headers: mail.headers,
      signal: AbortSignal.timeout(DELIVERY_MAX_MS),
    })
  } catch (error) {
    throw new MailFailed(fateOf(error, handover.begun), error)
  } finally {
    transport.close()
  }
}

/**
 * Logs in at the mail server, without sending a mail.
 * @throws Error with what the server or the network says
 */
export async function verifyMailServer(): Promise<void> {
  const { smtpUrl, smtpRequiresTls } = config()
  if (!smtpUrl) return
  const transport = transportTo(smtpUrl, smtpRequiresTls)
  try {
    await transport.verify()
  } finally {
    transport.close()
  }
}

function transportTo(url: string, requireTLS: boolean) {
  return createTransport({
    url,
    requireTLS,
    connectionTimeout: DELIVERY_MS,
    greetingTimeout: DELIVERY_MS,
    socketTimeout: DELIVERY_MS,
  })
}

/**
 * Notes when the server asks for the content: from then on, a lost connection does not say whether it accepted the mail. The
 * content is made when it is first read, and it is read only after the server's go-ahead.
 */
function watchHandover(transport: Transporter): { begun: boolean } {
  const handover = { begun: false }
  transport.use('stream', (mail, done) => {
    const { message } = mail
    const createContent = message.createReadStream.bind(message)
    message.createReadStream = (options) =>
      Readable.from(
        (async function* () {
          handover.begun = true
          yield* createContent(options)
        })(),
        { objectMode: false },
      )
    done()
  })
  return handover
}

/** Continues a delivery after the response; an error is logged, and {@link finishDeliveries} waits for it. */
export function deliverLater(delivery: Promise<void>): void {
  const guarded = delivery
    .catch((error: unknown) => logger.error({ err: error }, 'A mail could not be delivered'))
    .finally(() => underWay.delete(guarded))
  underWay.add(guarded)
}

/** Waits for the deliveries of {@link deliverLater}, before the process stops. */
export async function finishDeliveries(): Promise<void> {
  await Promise.all(underWay)
}

/** Whether mails are kept for the mailbox page: only in local mode without a mail server. */
export function hasMailbox(): boolean {
  const { isLocal, smtpUrl } = config()
  return isLocal && !smtpUrl
}

/** The newest mails in the mailbox. */
export async function listMailbox(): Promise<Mail[]> {
  return MailModel.find().sort({ sentAt: -1, _id: -1 }).limit(50).lean<Mail[]>()
}

/** A mail in the mailbox, by an id from outside; null if there is none. */
export async function findInMailbox(id: string): Promise<Mail | null> {
  return isObjectIdOrHexString(id) ? MailModel.findById(id).lean<Mail>() : null
}
