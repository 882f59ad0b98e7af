import type { mongo } from 'mongoose'
import { NEVER } from '#models/credit-account.server.ts'
import { MailModel } from '#models/mail.server.ts'
import { type Notification, NotificationModel } from '#models/notification.server.ts'
import { now } from '../clock.server.ts'
import { config } from '../config.server.ts'
import { KIND_RULES, KINDS } from './kinds.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const AT_ONCE = 500

const collection = () => NotificationModel.collection as unknown as mongo.Collection<Notification>

/**
 * Deletes mails that were sent or suppressed long ago. If their cause can be seen again, only their content and address are
 * deleted: the id stays, so that the cause queues no second mail. Mails that wait for a person stay. Safe to run twice and
 * at once.
 * @param days how long ago the last attempt was; 0 keeps everything
 * @returns how many mails of one batch were deleted or emptied; 0 if none are left
 */
export async function deleteOldMails(days = config().keepDays.mails): Promise<number> {
  if (days === 0) return 0
  const old = {
    status: { $in: ['sent' as const, 'suppressed' as const] },
    nextAttemptAt: { $lt: new Date(now().getTime() - days * DAY_MS) },
  }
  const mails = await collection()
    .find(old, { projection: { kind: 1 } })
    .sort({ nextAttemptAt: 1 })
    .limit(AT_ONCE)
    .toArray()
  if (mails.length === 0) return 0
  const _id = { $in: mails.map((mail) => mail._id) }
  const kind = KINDS.filter((one) => !KIND_RULES[one].isKeyKept)
  const { deletedCount } = await collection().deleteMany({ _id, ...old, kind: { $in: kind } })
  // Kinds that this process does not know are among these. Without an attempt, the next run does not find them again.
  const { modifiedCount } = await collection().updateMany(
    { _id, ...old, kind: { $nin: kind } },
    { $set: { data: {}, to: null, lastError: null, outcome: null, nextAttemptAt: NEVER } },
  )
  return deletedCount + modifiedCount
}

/**
 * Deletes old mails of local mode's mailbox.
 * @param days how old; 0 keeps everything
 * @returns how many mails of one batch were deleted; 0 if none are left
 */
export async function emptyMailbox(days = config().keepDays.mails): Promise<number> {
  if (days === 0) return 0
  const old = await MailModel.find({ sentAt: { $lt: new Date(now().getTime() - days * DAY_MS) } })
    .sort({ sentAt: 1 })
    .limit(AT_ONCE)
    .select({ _id: 1 })
    .lean()
  const { deletedCount } = await MailModel.deleteMany({ _id: { $in: old.map((mail) => mail._id) } })
  return deletedCount
}
