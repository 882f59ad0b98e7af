import { randomBytes } from 'node:crypto'
import type { Types } from 'mongoose'
import { type TopUp, TopUpModel } from '#models/top-up.server.ts'

export const newVersion = (): string => randomBytes(12).toString('base64url')

/** Reads a user's top-up; null if it was never set up. */
export function readTopUp(userId: Types.ObjectId): Promise<TopUp | null> {
  return TopUpModel.findById(userId).lean<TopUp>().exec()
}

/** Writes to a top-up as it was read; null if another write came first. */
export function changeTopUp(topUp: TopUp, change: Partial<TopUp>): Promise<TopUp | null> {
  return TopUpModel.findOneAndUpdate(
    { _id: topUp._id, version: topUp.version },
    { $set: { ...change, version: newVersion() } },
    { returnDocument: 'after' },
  )
    .lean<TopUp>()
    .exec()
}

const ROUNDS_MAX = 20

/**
 * Reads, decides and writes again until no other write comes in between.
 * @param decide null to leave it as it is
 * @returns the top-up after it; null if there is none, or nothing was written
 */
export async function updateTopUp(
  userId: Types.ObjectId,
  decide: (topUp: TopUp) => Partial<TopUp> | null,
): Promise<TopUp | null> {
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const topUp = await readTopUp(userId)
    const change = topUp && decide(topUp)
    if (!topUp || !change) return null
    const after = await changeTopUp(topUp, change)
    if (after) return after
  }
  throw new Error(`The top-up of ${userId.toHexString()} changes faster than it can be written`)
}
