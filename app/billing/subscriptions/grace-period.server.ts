import type { Types } from 'mongoose'
import { type User, UserModel } from '#models/user.server.ts'
import { inBatches } from '../../batches.ts'
import { now } from '../../clock.server.ts'
import { openAccount } from '../../credits/account.server.ts'
import { freezeSpending, listFrozen, unfreezeSpending } from '../../credits/freeze.server.ts'
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

const TOGETHER = 200

/**
 * A job: pauses spending for users whose grace period has ended. Those that are paused already cost one read of many.
 * @returns how many were to be paused
 */
export async function pauseOverdue(): Promise<number> {
  let count = 0
  const overdue = UserModel.find({ 'subscription.status': 'past_due', 'subscription.gracePeriodEnd': { $lte: now() } })
  for await (const users of inBatches(overdue.select({ _id: 1 }).lean<User>().cursor(), TOGETHER)) {
    const paused = await listFrozen(
      users.map(({ _id }) => _id),
      'past_due',
    )
    for (const { _id } of users.filter((user) => !paused.has(user._id.toHexString()))) {
      count++
      // A failed one is retried in the next run and does not stop the others.
      await applySpendingPause(_id).catch((error: unknown) => {
        logger.error(
          { err: error, user: _id.toHexString() },
          'Spending could not be paused for an overdue subscription',
        )
      })
    }
  }
  return count
}
