import { Types } from 'mongoose'
import { logger } from '../../log.server.ts'
import { notify } from '../../notifications/outbox.server.ts'
import { CreditsNotComputable } from '../errors.ts'
import { keepFinding, type Subject } from './findings.server.ts'

/** Mails to the operator belong to no user. */
const NOBODY = new Types.ObjectId('0'.repeat(24))
const SENTENCE_MAX = 500

/**
 * Lists something for manual review and emails the operator about it, once per object.
 * @param subject what is to be looked at; each reconcile looks again
 * @param sentence what is wrong and what was not done, without personal data
 */
export async function askForAttention(subject: Subject, sentence: string): Promise<void> {
  await keepFinding(subject, { state: 'unclaimed', sentence })
  const { kind, id: objectId } = subject
  const data = { object: objectId, sentence: sentence.slice(0, SENTENCE_MAX) }
  const isNew = await notify({ kind: 'operator_attention', userId: NOBODY, key: `${kind}:${objectId}`, data })
  if (isNew) logger.error({ object: objectId, alert: true }, sentence)
}

/**
 * Handles a payment. If what it buys cannot be determined, it is listed for review before the error is thrown again.
 * @throws whatever `work` throws
 */
export async function orAskForAttention<T>(subject: Subject, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof CreditsNotComputable) {
      await askForAttention(subject, `${subject.id} was paid and has granted nothing: ${error.message}`)
    }
    throw error
  }
}
