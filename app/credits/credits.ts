import { InvalidCredits, InvalidMetadata } from './errors.ts'

/** The most that one spend or hold may move. */
export const SPEND_MAX = 1_000_000
/** The most that one grant may give, and that a balance may reach; both fit the database's 32-bit integers. */
export const GRANT_MAX = 1_000_000_000
export const BALANCE_MAX = 2_000_000_000

const METADATA_KEYS_MAX = 20
const METADATA_BYTES_MAX = 2048
const METADATA_KEY = /^[A-Za-z0-9_-]{1,40}$/

/**
 * Checks that credits are a whole number within bounds, and returns it.
 * @throws InvalidCredits
 */
export function checkCredits(credits: unknown, { min = 1, max = SPEND_MAX } = {}): number {
  if (typeof credits !== 'number' || !Number.isSafeInteger(credits) || credits < min || credits > max) {
    throw new InvalidCredits(`Credits must be a whole number from ${min} to ${max}.`)
  }
  return credits
}

/**
 * Checks that metadata is a flat record of at most 20 short texts and 2 KB, without a prototype.
 * @returns a copy that is safe to store
 * @throws InvalidMetadata
 */
export function checkMetadata(metadata: Record<string, string> | undefined): Record<string, string> | undefined {
  if (metadata === undefined) return undefined
  const copy = Object.create(null) as Record<string, string>
  const entries = Object.entries(metadata)
  if (entries.length > METADATA_KEYS_MAX) throw new InvalidMetadata(`At most ${METADATA_KEYS_MAX} metadata keys.`)
  for (const [key, value] of entries) {
    if (!METADATA_KEY.test(key) || key === '__proto__') throw new InvalidMetadata('A metadata key is not allowed.')
    if (typeof value !== 'string') throw new InvalidMetadata('Metadata values must be texts.')
    copy[key] = value
  }
  if (new TextEncoder().encode(JSON.stringify(copy)).length > METADATA_BYTES_MAX) {
    throw new InvalidMetadata(`Metadata must be at most ${METADATA_BYTES_MAX} bytes.`)
  }
  return copy
}
