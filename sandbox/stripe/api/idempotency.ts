import { createHash } from 'node:crypto'
import { DAY } from '../core/clock.ts'
import { StripeApiError } from '../core/errors.ts'
import type { IdempotencyRow } from '../core/rows.ts'
import type { World } from '../core/world.ts'

/** Keys are kept for a day, as at Stripe. */
const KEPT_FOR = DAY

/**
 * The response already given to this key, if there is one. The same key with other parameters or at another address
 * is an error of the caller.
 */
export function recorded(world: World, key: string, path: string, fingerprint: string): IdempotencyRow | undefined {
  const row = world.tables.idempotency.get(key)
  if (!row || row.at + KEPT_FOR < world.clock.now()) return undefined
  if (row.path !== path)
    throw conflict(
      `Keys for idempotent requests can only be used for the same endpoint they were first used for ('${row.path}' vs '${path}'). Try using a key other than '${key}' if you meant to execute a different request.`,
    )
  if (row.fingerprint !== fingerprint)
    throw conflict(
      `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${key}' if you meant to execute a different request.`,
    )
  return row
}

export function inProgress(key: string): StripeApiError {
  return new StripeApiError(409, {
    type: 'idempotency_error',
    code: 'idempotency_key_in_use',
    message: `There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, and the other request is still going through): ${key}. Please try again later.`,
  })
}

export function fingerprintOf(body: string): string {
  return createHash('sha256').update(body).digest('hex')
}

function conflict(message: string): StripeApiError {
  return new StripeApiError(400, { type: 'idempotency_error', message })
}
