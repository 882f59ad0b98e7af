import type { Types } from 'mongoose'
import { creditAccounts, NEVER } from '#models/credit-account.server.ts'
import { type User, UserModel } from '#models/user.server.ts'
import { now } from '../../clock.server.ts'
import { getBalance } from '../../credits/balance.server.ts'
import { AccountNotFound } from '../../credits/errors.ts'
import { type Loss, lossesAhead } from '../../credits/losses.ts'
import { logger } from '../../log.server.ts'
import type { NotificationContent } from '../../notifications/kinds.ts'
import { notify } from '../../notifications/outbox.server.ts'
import { renewsAt } from './current-plan.ts'
import { AHEAD_MS, beginRound, dropChecks, endRound, planChecks, PLANNED_MS } from './expiry-checks.server.ts'

/* Emails before unused credits expire: one week and one day ahead. */

const DAY_MS = 24 * 60 * 60 * 1000
/** An account that could not be checked is tried again by the next round. */
const RETRY_MS = 60 * 1000

type Reader = Pick<User, '_id' | 'subscription'>

/**
 * Queues a mail for credits that expire within a week, and another for those that expire within a day. Each expiry has
 * one key per mail, so running again, or in several processes at once, is harmless.
 * @returns how many users were looked at, and how many mails were queued
 */
export async function notifyExpiring(): Promise<{ users: number; queued: number; failed: number }> {
  const seen = { users: 0, queued: 0, failed: 0 }
  const round = await beginRound(now())
  for await (const { accountIds, planned } of round.batches) {
    const readers = await UserModel.find({ _id: { $in: accountIds } })
      .select({ subscription: 1 })
      .lean<Reader[]>()
    const next = await Promise.all(readers.map((reader) => checkOne(reader, seen)))
    // In this order: if the process dies in between, the account is checked again.
    await planChecks(next.flat())
    await dropChecks(planned)
  }
  await endRound(round)
  return seen
}

type Seen = Awaited<ReturnType<typeof notifyExpiring>>

/** Queues the mails that are due to one user, and returns when the account has to be checked again. */
async function checkOne(reader: Reader, seen: Seen): Promise<{ accountId: Types.ObjectId; at: Date }[]> {
  const { _id: accountId } = reader
  const at = now()
  seen.users++
  try {
    const losses = await lossesOf(reader, at)
    seen.queued += await notifyOne(accountId, losses, at)
    return checksAhead(losses, reader, at).map((then) => ({ accountId, at: then }))
  } catch (error) {
    seen.failed++
    logger.error({ err: error, accountId }, 'Expiring credits could not be checked for one user')
    return [{ accountId, at: new Date(at.getTime() + RETRY_MS) }]
  }
}

/**
 * When the next mails may be due, as far ahead as checks are planned: before each loss, and once the plan should have
 * renewed. Until it has, the caps of that renewal no longer take what a later one takes.
 */
function checksAhead(losses: Loss[], { subscription }: Reader, at: Date): Date[] {
  const times = losses.flatMap((loss) => [loss.at.getTime() - AHEAD_MS, loss.at.getTime() - DAY_MS])
  const renewal = renewsAt(subscription, at)?.getTime() ?? 0
  const planned = [...times, renewal].filter((time) => time > at.getTime() && time <= at.getTime() + PLANNED_MS)
  return [...new Set(planned)].map((time) => new Date(time))
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

async function notifyOne(userId: Types.ObjectId, losses: Loss[], at: Date): Promise<number> {
  const soon = losses.filter((loss) => loss.at.getTime() <= at.getTime() + AHEAD_MS)
  let queued = 0
  for (const moment of new Set(soon.map((loss) => loss.at.getTime()))) {
    const days = moment <= at.getTime() + DAY_MS ? 1 : 7
    const isNew = await notify({
      kind: 'credits_expiring',
      userId,
      key: `${userId.toHexString()}:${moment / 1000}:${days}`,
      data: dataOf(soon, moment),
    })
    queued += isNew ? 1 : 0
  }
  return queued
}

async function lossesOf({ _id, subscription }: Reader, at: Date): Promise<Loss[]> {
  try {
    return lossesAhead(await getBalance(_id), { now: at, renewsAt: renewsAt(subscription, at) })
  } catch (error) {
    if (error instanceof AccountNotFound) return []
    throw error
  }
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
  const data = dataOf(user ? await lossesOf(user, now()) : [], content.data.at.getTime())
  return data.losses.length > 0 ? { ...content, data } : null
}
