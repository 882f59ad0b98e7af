import { mongo } from 'mongoose'
import { type Notification, NotificationModel } from '#models/notification.server.ts'
import { now } from '../clock.server.ts'
import { logger } from '../log.server.ts'
import { happenedAt, type NotificationContent, type NotificationRequest, parseContent } from './kinds.ts'

const DUPLICATE_KEY = 11_000

/**
 * Queues a mail, once per kind and key: one upsert that never changes an existing one. It throws only errors of the database,
 * so that code that moves money can call it: data of the wrong shape is logged.
 * @returns whether this call queued it
 */
export async function notify(request: NotificationRequest): Promise<boolean> {
  const { userId, key, kind } = request
  const content = contentOrNull(request)
  if (!content) return false
  const at = now()
  const fields: Omit<Notification, '_id'> = {
    userId,
    kind,
    data: content.data,
    status: 'queued',
    attempts: 0,
    nextAttemptAt: at,
    leaseId: null,
    leaseUntil: null,
    to: null,
    lastError: null,
    outcome: null,
    createdAt: at,
    happenedAt: happenedAt(content) ?? at,
    sentAt: null,
  }
  try {
    const { upsertedCount } = await NotificationModel.collection.updateOne(
      // The plain driver: mongoose would put defaults of its own beside these.
      { _id: `${kind}:${key}` as never },
      { $setOnInsert: fields },
      { upsert: true },
    )
    return upsertedCount === 1
  } catch (error) {
    // Of two upserts at once, the database may let one fail instead of finding the other's document.
    if (error instanceof mongo.MongoServerError && error.code === DUPLICATE_KEY) return false
    throw error
  }
}

function contentOrNull({ kind, key, data }: NotificationRequest): NotificationContent | null {
  try {
    return parseContent(kind, data)
  } catch (error) {
    logger.error({ err: error, kind, key, alert: true }, 'A notification has data of the wrong shape and was left out')
    return null
  }
}
