import { randomUUID } from 'node:crypto'
import type { mongo, Types } from 'mongoose'
import { type Notification, NotificationModel } from '#models/notification.server.ts'
import { now } from '../clock.server.ts'
import { KIND_RULES, KINDS } from './kinds.ts'
import { DELIVERY_MAX_MS } from './mail.server.ts'

/*
 * The writes of the outbox. A process that works on a mail has its lease, and every write names the lease, so a process whose
 * lease has ended changes nothing. Leases use the database's clock, which all processes share.
 */

/** Much longer than any delivery takes. */
const LEASE_MS = 3 * DELIVERY_MAX_MS

/** A mail whose lease this process has. */
export type Leased = Notification & { leaseId: string }

const collection = () => NotificationModel.collection as unknown as mongo.Collection<Notification>

const leaseIsOver = { $expr: { $lt: [{ $ifNull: ['$leaseUntil', new Date(0)] }, '$$NOW'] } }

/** What is due. Kinds that this process does not know yet are left to those that do. */
const due = () => ({
  status: { $in: ['queued' as const, 'failed' as const] },
  nextAttemptAt: { $lte: now() },
  kind: { $in: KINDS },
  ...leaseIsOver,
})

/** Others wait for the next round. */
const READERS_MAX = 1_000

/** Whose mails are due, the longest waiting first. */
export async function listReaders(): Promise<Types.ObjectId[]> {
  const waiting = await collection()
    .aggregate<{ _id: Types.ObjectId }>([
      { $match: due() },
      { $group: { _id: '$userId', since: { $min: '$nextAttemptAt' } } },
      { $sort: { since: 1 } },
      { $limit: READERS_MAX },
    ])
    .toArray()
  return waiting.map(({ _id }) => _id)
}

/**
 * Claims the next mail that is due to a user, in the order in which the facts happened, by one write that only one process
 * wins; null if there is none.
 */
export async function claimNext(userId: Types.ObjectId): Promise<Leased | null> {
  const leaseId = randomUUID()
  const claimed = await collection().findOneAndUpdate(
    { ...due(), userId },
    [{ $set: { leaseId, leaseUntil: { $add: ['$$NOW', LEASE_MS] }, attempts: { $add: ['$attempts', 1] } } }],
    { sort: { happenedAt: 1, createdAt: 1, _id: 1 }, returnDocument: 'after' },
  )
  return claimed as Leased | null
}

/**
 * Notes that the mail is handed to the mail server. From now on, only its answer can say that it was not sent.
 * @returns false if another process has the lease by now
 */
export async function markSending({ _id, leaseId }: Leased, to: string): Promise<boolean> {
  const { matchedCount } = await collection().updateOne(
    { _id, leaseId, status: { $in: ['queued', 'failed'] } },
    { $set: { status: 'sending', to } },
  )
  return matchedCount === 1
}

type Outcome =
  | { status: 'sent'; sentAt: Date }
  | { status: 'failed'; lastError: string; nextAttemptAt: Date }
  | { status: 'dead' | 'unconfirmed'; lastError: string; outcome: string }
  | { status: 'suppressed'; outcome: string }

/** Writes the outcome of a mail, which may be `unconfirmed` by then: an answer can be very late. */
export async function finish({ _id, leaseId }: Leased, outcome: Outcome): Promise<void> {
  await collection().updateOne(
    { _id, leaseId, status: { $in: ['queued', 'failed', 'sending', 'unconfirmed'] } },
    { $set: { ...outcome, leaseUntil: null } },
  )
}

/**
 * Continues after processes that died while the mail server had a mail: some kinds are sent again with the same Message-ID,
 * others wait for a person.
 * @returns how many of each
 */
export async function recoverAbandoned(): Promise<{ sendAgain: number; ask: number }> {
  const abandoned = (rule: 'ask' | 'send_again') => ({
    status: 'sending' as const,
    kind: { $in: KINDS.filter((kind) => KIND_RULES[kind].whenUnknown === rule) },
    ...leaseIsOver,
  })
  const lastError = 'The process that was sending it ended'
  const [again, ask] = await Promise.all([
    collection().updateMany(abandoned('send_again'), {
      $set: { status: 'failed', lastError, nextAttemptAt: now(), leaseId: null, leaseUntil: null },
    }),
    // The lease's id stays: if the process is alive after all, it can still write that the mail was sent.
    collection().updateMany(abandoned('ask'), {
      $set: { status: 'unconfirmed', lastError, outcome: UNCONFIRMED, leaseUntil: null },
    }),
  ])
  return { sendAgain: again.modifiedCount, ask: ask.modifiedCount }
}

export const UNCONFIRMED = 'It was handed to the mail server, which did not answer: check before it is sent again.'

/** The mails that a person has to decide about, or that were never sent; oldest first. */
export async function listUndelivered(limit = 50): Promise<Notification[]> {
  return collection()
    .find({ status: { $in: ['unconfirmed', 'dead'] } })
    .sort({ status: 1, nextAttemptAt: 1 })
    .limit(limit)
    .toArray()
}

/**
 * Puts a mail back into the outbox, by a person's decision.
 * @returns false if it is not waiting for one
 */
export async function sendAgain(id: string): Promise<boolean> {
  const { matchedCount } = await collection().updateOne(
    { _id: id, status: { $in: ['unconfirmed', 'dead'] } },
    { $set: { status: 'queued', attempts: 0, nextAttemptAt: now(), createdAt: now(), leaseId: null, outcome: null } },
  )
  return matchedCount === 1
}
