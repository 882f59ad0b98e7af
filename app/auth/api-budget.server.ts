import type { Types } from 'mongoose'
import { RateLimited } from '../http/errors.ts'
import { consumeQuota, type Quota, RULES } from './rate-limit.server.ts'

/** Calls that a process takes at once from the shared limit, so that counting costs one write in a hundred calls. */
const BLOCK = 100
const BLOCK_LIFE_MS = 10_000

interface Block {
  left: number
  until: number
  /** What the count found; null as long as it is under way. */
  counted: { remaining: number; endsAt: number } | null
}

/** What is left of the minute of the caller that made a call. */
export type ApiBudget = Readonly<Pick<Block, 'counted'>>

const blocks = new Map<string, Block>()

/**
 * Counts one API call of a user.
 * @returns the budget, for {@link rateLimitHeaders}
 * @throws RateLimited when the user's calls of this minute are used up
 */
export async function takeApiCall(userId: Types.ObjectId): Promise<ApiBudget> {
  const key = userId.toHexString()
  const known = blocks.get(key)
  const time = performance.now()
  if (known && known.left > 0 && known.until > time) {
    known.left -= 1
    return known
  }
  if (blocks.size > 10_000) dropOld(time)
  const block: Block = { left: BLOCK - 1, until: time + BLOCK_LIFE_MS, counted: null }
  // Set before the answer: calls that arrive meanwhile use this block instead of taking one each.
  blocks.set(key, block)
  try {
    note(block, await consumeQuota('api', key, BLOCK))
    return block
  } catch (error) {
    blocks.delete(key)
    throw error
  }
}

/** Past the end of the minute the block's count says nothing about the next one. */
function note(block: Block, { remaining, endsInMs }: Quota): void {
  const endsAt = performance.now() + endsInMs
  block.counted = { remaining, endsAt }
  block.until = Math.min(block.until, endsAt)
}

const { tries, seconds } = RULES.api
const POLICY = { 'RateLimit-Policy': `"default";q=${tries};w=${seconds}` }

/**
 * The headers of draft-ietf-httpapi-ratelimit-headers-11, from what this process knows without asking. What is left is as
 * of the last count, without the calls that this process holds in its block: rather too few than too many.
 * @param limit of the caller, or the refusal of the call
 */
export function rateLimitHeaders(limit: ApiBudget | RateLimited): Record<string, string> {
  if (limit instanceof RateLimited) return { ...POLICY, RateLimit: `"default";r=0;t=${limit.retryAfterSeconds}` }
  // Answered before the count was: nothing is known to be left.
  if (!limit.counted) return POLICY
  const { remaining, endsAt } = limit.counted
  const endsIn = Math.max(0, Math.ceil((endsAt - performance.now()) / 1_000))
  return { ...POLICY, RateLimit: `"default";r=${remaining};t=${endsIn}` }
}

function dropOld(time: number): void {
  for (const [key, block] of blocks) if (block.until <= time) blocks.delete(key)
}
