import type { Types } from 'mongoose'
import { creditAccounts, NEVER } from '#models/credit-account.server.ts'
import { type User, UserModel } from '#models/user.server.ts'
import { now } from '../../clock.server.ts'
import { getBalance } from '../../credits/balance.server.ts'
import { type Loss, lossesAhead } from '../../credits/losses.ts'
import { logger } from '../../log.server.ts'
import type { NotificationContent } from '../../notifications/kinds.ts'
import { notify } from '../../notifications/outbox.server.ts'
import { renewsAt } from './current-plan.ts'

/* Emails before unused credits expire: one week and one day ahead. */

const DAY_MS = 24 * 60 * 60 * 1000
const AHEAD_MS = 7 * DAY_MS

type Reader = Pick<User, '_id' | 'subscription'>

/**
 * Queues a mail for credits that expire within a week, and another for those that expire within a day. Each expiry has
 * one key per mail, so running again, or in several processes at once, is harmless.
 * @returns how many users were looked at, and how many mails were queued
 */
export async function notifyExpiring(): Promise<{ users: number; queued: number; failed: number }> {
  const seen = { users: 0, queued: 0, failed: 0 }
  for (const id of await idsToLookAt(now())) {
    seen.users++
    try {
      seen.queued += await notifyOne(id)
    } catch (error) {
      seen.failed++
      logger.error({ err: error, accountId: id }, 'Expiring credits could not be checked for one user')
    }
  }
  return seen
}

/** Accounts with an expiry within a week, and those with a rollover limit whose plan renews within it. */
async function idsToLookAt(at: Date): Promise<string[]> {
  const soon = { $gt: at, $lte: new Date(at.getTime() + AHEAD_MS) }
  const due = await creditAccounts()
    .find({ nextChange: soon }, { projection: { _id: 1 } })
    .toArray()
  const renewing = await UserModel.find({ 'subscription.currentPeriodEnd': soon })
    .select({ _id: 1 })
    .lean<{ _id: Types.ObjectId }[]>()
  const limited = await creditAccounts()
    .find(
      { _id: { $in: renewing.map(({ _id }) => _id) }, 'grants.rollover.limit': { $type: 'number' } },
      { projection: { _id: 1 } },
    )
    .toArray()
  return [...new Set([...due, ...limited].map(({ _id }) => _id.toHexString()))]
}

/**
 * The next moment with something to send or do, or null: the sandbox's clock stops there when it is moved. Within a week
 * of an expiry that is each day.
 */
export async function nextMoment(): Promise<Date | null> {
  const at = now()
  const limited = await creditAccounts().distinct('_id', { 'grants.rollover.limit': { $type: 'number' } })
  const [change, renewal, pause] = await Promise.all([
    creditAccounts().findOne({ nextChange: { $gt: at, $lt: NEVER } }, { sort: { nextChange: 1 } }),
    firstOf({ _id: { $in: limited }, 'subscription.currentPeriodEnd': { $gt: at } }, 'subscription.currentPeriodEnd'),
    firstOf({ 'subscription.gracePeriodEnd': { $gt: at } }, 'subscription.gracePeriodEnd'),
  ])
  const told = [change?.nextChange, renewal?.subscription?.currentPeriodEnd].map(
    (moment) => moment && noticeOf(moment, at),
  )
  const moments = [...told, pause?.subscription?.gracePeriodEnd].filter((moment) => moment instanceof Date)
  return moments.length > 0 ? new Date(Math.min(...moments.map((moment) => moment.getTime()))) : null
}

const firstOf = (filter: object, field: string) =>
  UserModel.findOne(filter)
    .sort({ [field]: 1 })
    .lean<User>()

/** One week before, then daily. */
function noticeOf(moment: Date, at: Date): Date {
  const next = Math.max(moment.getTime() - AHEAD_MS, at.getTime() + DAY_MS)
  return new Date(Math.min(moment.getTime(), next))
}

async function notifyOne(id: string): Promise<number> {
  const user = await UserModel.findById(id).select({ subscription: 1 }).lean<Reader>()
  if (!user) return 0
  const at = now()
  const losses = (await lossesOf(user)).filter((loss) => loss.at.getTime() <= at.getTime() + AHEAD_MS)
  let queued = 0
  for (const moment of new Set(losses.map((loss) => loss.at.getTime()))) {
    const days = moment <= at.getTime() + DAY_MS ? 1 : 7
    const isNew = await notify({
      kind: 'credits_expiring',
      userId: user._id,
      key: `${id}:${moment / 1000}:${days}`,
      data: dataOf(losses, moment),
    })
    queued += isNew ? 1 : 0
  }
  return queued
}

async function lossesOf({ _id, subscription }: Reader): Promise<Loss[]> {
  const at = now()
  return lossesAhead(await getBalance(_id), { now: at, renewsAt: renewsAt(subscription, at) })
}

function dataOf(losses: Loss[], moment: number) {
  const then = losses.filter(({ at }) => at.getTime() === moment)
  return { at: new Date(moment), losses: then.map(({ credits, plan, limit }) => ({ credits, plan, limit })) }
}

/**
 * A queued mail as of now: since it was queued, credits may have been used or the plan canceled.
 * @returns null if nothing will expire
 */
export async function stillTrue(
  userId: Types.ObjectId,
  content: NotificationContent,
): Promise<NotificationContent | null> {
  if (content.kind !== 'credits_expiring') return content
  const user = await UserModel.findById(userId).select({ subscription: 1 }).lean<Reader>()
  const data = dataOf(user ? await lossesOf(user) : [], content.data.at.getTime())
  return data.losses.length > 0 ? { ...content, data } : null
}
