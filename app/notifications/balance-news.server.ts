import type { Types } from 'mongoose'
import { type CreditAccount, NEVER } from '#models/credit-account.server.ts'
import { type User, UserModel } from '#models/user.server.ts'
import { now } from '../clock.server.ts'
import { eachChangedAccount } from '../changed-accounts.server.ts'
import { logger } from '../log.server.ts'
import { findCrossing } from './low-balance.server.ts'
import { notify } from './outbox.server.ts'
import { settingsOf } from './settings.server.ts'

/**
 * Mails users about their balance: low credits, and credits that arrived without a payment. A job reads this from the
 * accounts; a spend knows nothing of mails. Both keys come from the ledger, so checking twice is harmless.
 */

const CURSOR = 'balance-news'
/** A start less than this after its grant is only a difference between two clocks. */
const LATER_MS = 60 * 60 * 1000
const DAY_MS = 24 * 60 * 60 * 1000

type Reader = Pick<User, '_id' | 'notificationSettings' | 'subscription'>

/**
 * Checks the accounts that changed since the last run. Several processes may run it at once.
 * @returns how many accounts were checked, and how many mails were queued
 */
export async function notifyBalances(): Promise<{ accounts: number; queued: number; failed: number }> {
  const seen = { accounts: 0, queued: 0, failed: 0 }
  await eachChangedAccount(CURSOR, async (batch) => {
    const users = await findReaders(batch.map((account) => account._id))
    const before = seen.failed
    for (const account of batch) {
      const user = users.get(account._id.toHexString())
      if (!user) continue
      seen.accounts++
      try {
        seen.queued += (await notifyLow(account, user)) + (await notifyArrived(account, user))
      } catch (error) {
        seen.failed++
        logger.error({ err: error, accountId: account._id.toHexString() }, 'A balance could not be checked for mails')
      }
    }
    return seen.failed - before
  })
  return seen
}

async function findReaders(ids: Types.ObjectId[]): Promise<Map<string, Reader>> {
  const users = await UserModel.find({ _id: { $in: ids } })
    .select({ notificationSettings: 1, subscription: 1 })
    .lean<Reader[]>()
  return new Map(users.map((user) => [user._id.toHexString(), user]))
}

async function notifyLow(account: CreditAccount, user: Reader): Promise<number> {
  const { creditsLow, creditsLowThreshold: threshold } = settingsOf(user)
  const total = account.credits + account.held
  // Only a refund leads below zero, and a refund has its own mail.
  if (!creditsLow || total >= threshold || total < 0) return 0
  const crossing = await findCrossing(account, threshold, new Date(now().getTime() - DAY_MS))
  // A user who has just raised the threshold above the balance, or turned the mail on, saw the balance then.
  const changedAt = user.notificationSettings?.changedAt
  if (!crossing || (changedAt && crossing.at < changedAt)) return 0
  const queued = await notify({
    kind: 'credits_low',
    userId: user._id,
    key: `${user._id.toHexString()}:${crossing.seq}`,
    data: { credits: total, threshold, arrival: nextArrival(account), renewsAt: renewalOf(user) },
  })
  return queued ? 1 : 0
}

/** Grants that were made earlier and have started: the months of a yearly plan. Credits of a payment have a receipt. */
async function notifyArrived(account: CreditAccount, user: Reader): Promise<number> {
  if (!settingsOf(user).creditsArrived) return 0
  const at = now()
  const begun = account.grants.filter(
    ({ started, createdAt, effectiveAt }) =>
      started &&
      effectiveAt.getTime() - createdAt.getTime() > LATER_MS &&
      effectiveAt <= at &&
      effectiveAt.getTime() > at.getTime() - DAY_MS,
  )
  let queued = 0
  for (const grant of begun) {
    const isNew = await notify({
      kind: 'credits_arrived',
      userId: user._id,
      key: `${user._id.toHexString()}:${grant.id}`,
      data: {
        credits: grant.granted,
        balance: account.credits,
        description: grant.source.type === 'invoice' ? 'Your plan’s credits for this month' : 'Scheduled credits',
        expiresAt: grant.expiresAt < NEVER ? grant.expiresAt : null,
      },
    })
    queued += isNew ? 1 : 0
  }
  return queued
}

function nextArrival({ grants }: CreditAccount): { credits: number; at: Date } | null {
  const waiting = grants.filter((grant) => !grant.started && !grant.expired)
  if (waiting.length === 0) return null
  const at = Math.min(...waiting.map((grant) => grant.effectiveAt.getTime()))
  const then = waiting.filter((grant) => grant.effectiveAt.getTime() === at)
  return { credits: then.reduce((sum, grant) => sum + grant.granted, 0), at: new Date(at) }
}

function renewalOf({ subscription }: Reader): Date | null {
  if (subscription?.status !== 'active' || subscription.cancelAtPeriodEnd || subscription.collectionPaused) return null
  const { currentPeriodEnd } = subscription
  return currentPeriodEnd && currentPeriodEnd > now() ? currentPeriodEnd : null
}
