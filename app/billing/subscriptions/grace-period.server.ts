import type { Types } from 'mongoose'
import { type User, UserModel } from '#models/user.server.ts'
import { now } from '../../clock.server.ts'
import { openAccount } from '../../credits/account.server.ts'
import { freezeSpending, unfreezeSpending } from '../../credits/freeze.server.ts'
import { logger } from '../../log.server.ts'
import { readUser } from '../customers/users.server.ts'
import { welcomeCredits } from '../plans.ts'
import { untilStable } from '../until-stable.ts'

/**
 * Pauses spending when a payment is past its grace period, and ends the pause once it is paid. Checks again after
 * writing, so that the newest state wins.
 */
export async function applySpendingPause(userId: Types.ObjectId): Promise<void> {
  await openAccount(userId, { welcomeCredits })
  await untilStable('The subscription', async () => {
    const { subscription } = await readUser(userId)
    if (mustPause(subscription)) await freezeSpending(userId, 'past_due')
    else await unfreezeSpending(userId, 'past_due')
    const after = await readUser(userId)
    return after.subscription?.version === subscription?.version || 'again'
  })
}

function mustPause(subscription: User['subscription']): boolean {
  if (subscription?.status === 'unpaid') return true
  const end = subscription?.status === 'past_due' ? subscription.gracePeriodEnd : null
  return Boolean(end && end <= now())
}

/**
 * A job: pauses spending for users whose grace period has ended since the last run.
 * @returns how many were looked at
 */
export async function pauseOverdue(): Promise<number> {
  let count = 0
  const overdue = UserModel.find({ 'subscription.status': 'past_due', 'subscription.gracePeriodEnd': { $lte: now() } })
  for await (const { _id } of overdue.select({ _id: 1 }).lean<User>().cursor()) {
    count++
    // A failed one is retried in the next run and does not stop the others.
    await applySpendingPause(_id).catch((error: unknown) => {
      logger.error({ err: error, user: _id.toHexString() }, 'Spending could not be paused for an overdue subscription')
    })
  }
  return count
}
