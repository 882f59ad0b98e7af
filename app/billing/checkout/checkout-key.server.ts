import { createHash } from 'node:crypto'
import type { Types } from 'mongoose'
import { type CheckoutKey, CheckoutKeyModel } from '#models/checkout-key.server.ts'
import { insertOnce } from '#models/insert-once.server.ts'
import { now } from '../../clock.server.ts'
import { IdempotencyConflict } from '../../credits/errors.ts'
import type { Offer } from '../catalog/offers.ts'

const KEPT_MS = 24 * 60 * 60 * 1000

/**
 * Binds a buyer's idempotency key to an offer: of two requests with one key, the first decides.
 * @throws IdempotencyConflict when the buyer used it for something else within a day
 */
export async function bindKey(userId: Types.ObjectId, key: string, offer: Offer): Promise<void> {
  const _id = createHash('sha256')
    .update(JSON.stringify([userId.toHexString(), key]))
    .digest('hex')
  const wanted = offer.kind === 'plan' ? `plan:${offer.plan.name}:${offer.interval}` : `pack:${offer.pack.id}`
  const expiresAt = new Date(now().getTime() + KEPT_MS)
  const isNew = await insertOnce<CheckoutKey>(CheckoutKeyModel, { _id }, { offer: wanted, expiresAt })
  if (isNew) return
  const bound = await CheckoutKeyModel.findById(_id).lean<CheckoutKey>()
  if (bound && bound.expiresAt > now() && bound.offer !== wanted) throw new IdempotencyConflict()
}
