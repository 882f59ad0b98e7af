import type { Types } from 'mongoose'
import { consumeAttempt } from './rate-limit.server.ts'

/** Calls that a process takes at once from the shared limit, so that counting costs one write in a hundred calls. */
const BLOCK = 100
const BLOCK_LIFE_MS = 10_000

const blocks = new Map<string, { left: number; until: number }>()

/**
 * Counts one API call of a user.
 * @throws RateLimited when the user's calls of this minute are used up
 */
export async function takeApiCall(userId: Types.ObjectId): Promise<void> {
  const key = userId.toHexString()
  const block = blocks.get(key)
  const time = performance.now()
  if (block && block.left > 0 && block.until > time) {
    block.left -= 1
    return
  }
  if (blocks.size > 10_000) dropOld(time)
  // Set before the answer: calls that arrive meanwhile use this block instead of taking one each.
  blocks.set(key, { left: BLOCK - 1, until: time + BLOCK_LIFE_MS })
  try {
    await consumeAttempt('api', key, BLOCK)
  } catch (error) {
    blocks.delete(key)
    throw error
  }
}

function dropOld(time: number): void {
  for (const [key, block] of blocks) if (block.until <= time) blocks.delete(key)
}
