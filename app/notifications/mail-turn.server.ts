import { randomUUID } from 'node:crypto'
import type { mongo, Types } from 'mongoose'
import { type MailTurn, MailTurnModel } from '#models/mail-turn.server.ts'
import { DELIVERY_MAX_MS } from './mail.server.ts'

/*
 * The mails of a user are sent by one process at a time, one after the other. The lease of each mail decides who may send it;
 * a turn only keeps two workers from sending two mails of one user at the same time.
 */

/** It is renewed before each mail, so it only has to outlast one. */
const TURN_MS = 3 * DELIVERY_MAX_MS
const RENEWED_AFTER_MS = DELIVERY_MAX_MS

export interface Turn {
  userId: Types.ObjectId
  leaseId: string
  /** By `performance.now()`. */
  renewedAt: number
}

const collection = () => MailTurnModel.collection as unknown as mongo.Collection<MailTurn>

const untilThen = { $set: { leaseUntil: { $add: ['$$NOW', TURN_MS] } } }

/**
 * Takes the turn of a user.
 * @returns null while another process has it
 */
export async function takeTurn(userId: Types.ObjectId): Promise<Turn | null> {
  const [leaseId, renewedAt] = [randomUUID(), performance.now()]
  await collection().updateOne(
    { _id: userId },
    { $setOnInsert: { leaseId: null, leaseUntil: new Date(0) } },
    { upsert: true },
  )
  const { matchedCount } = await collection().updateOne({ _id: userId, $expr: { $lt: ['$leaseUntil', '$$NOW'] } }, [
    { $set: { leaseId } },
    untilThen,
  ])
  return matchedCount === 1 ? { userId, leaseId, renewedAt } : null
}

/**
 * Extends a turn for one more mail.
 * @returns false if another process has it by now
 */
export async function keepTurn(turn: Turn): Promise<boolean> {
  const at = performance.now()
  if (at - turn.renewedAt < RENEWED_AFTER_MS) return true
  const { matchedCount } = await collection().updateOne({ _id: turn.userId, leaseId: turn.leaseId }, [untilThen])
  turn.renewedAt = at
  return matchedCount === 1
}

/** Gives the turn back. */
export async function endTurn({ userId, leaseId }: Turn): Promise<void> {
  await collection().deleteOne({ _id: userId, leaseId })
}
