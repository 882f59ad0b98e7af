import type { Types } from 'mongoose'
import { insertOnce } from '#models/insert-once.server.ts'
import { type TopUp, TopUpModel } from '#models/top-up.server.ts'
import { now } from '../../clock.server.ts'
import { requireConfirmedEmail } from '../../email-confirmation/require-confirmed-email.server.ts'
import { readUser } from '../customers/users.server.ts'
import { PackNotFound } from '../errors.ts'
import { findPack } from '../plans.ts'
import { cancelOpen } from './cancel-open.server.ts'
import { newVersion, readTopUp, updateTopUp } from './store.server.ts'
import { monthOf, type TopUpTerms } from './terms.ts'

/**
 * Turns on automatic top-up, or changes its terms; what was paid this month still counts. One that waits for the customer
 * is canceled first.
 * @throws EmailNotConfirmed, PackNotFound, StripeUnavailable
 */
export async function turnOnTopUp(userId: Types.ObjectId, terms: TopUpTerms): Promise<void> {
  requireConfirmedEmail(await readUser(userId))
  const pack = findPack(terms.pack)
  if (!pack) throw new PackNotFound()
  const { currency } = pack.price
  const at = now()
  const first = { ...terms, currency, status: 'on' as const, changedAt: at, version: newVersion() }
  const month = monthOf({ month: { start: new Date(0), times: 0, amount: 0 } }, at)
  if (await insertOnce<TopUp>(TopUpModel, { _id: userId }, { ...first, month, number: 0, declines: 0, nextTryAt: at }))
    return
  await cancelWaiting(userId)
  await updateTopUp(userId, (topUp) => ({
    ...terms,
    currency,
    status: 'on',
    reason: null,
    month: monthOf(topUp, at),
    declines: 0,
    // The job looks at accounts that change: this one is checked now.
    nextTryAt: at,
    changedAt: at,
  }))
}

/**
 * Turns off automatic top-up. A payment that a process is making at this moment still goes through; one that waits for the
 * customer is canceled. Safe to repeat.
 * @throws StripeUnavailable: it is off, and the job cancels the payment
 */
export async function turnOffTopUp(userId: Types.ObjectId): Promise<void> {
  const before = await readTopUp(userId)
  await updateTopUp(userId, ({ status }) =>
    status === 'off' ? null : { status: 'off', reason: null, nextTryAt: null, changedAt: now() },
  )
  if (before?.reason === 'confirmation') await cancelOpen(before)
}

async function cancelWaiting(userId: Types.ObjectId): Promise<void> {
  const topUp = await readTopUp(userId)
  if (topUp?.status === 'paused' && topUp.open) await cancelOpen(topUp)
}
