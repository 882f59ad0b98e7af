import type { Types } from 'mongoose'
import { type User, UserModel } from '#models/user.server.ts'
import { stillTrue } from '../billing/entitlements/expiry-notices.server.ts'
import { getBalance } from '../credits/balance.server.ts'
import type { NotificationContent } from '../notifications/kinds.ts'
import { currentPlanStatus } from '../plan-status/current-plan-status.server.ts'
import { pausesOf, type PrimaryAction, primaryActionOf } from '../plan-status/primary-action.ts'

/** Mails whose button depends on what the user can do when it is sent. */
const ABOUT_CREDITS: NotificationContent['kind'][] = ['credits_arrived', 'credits_expiring', 'credits_low']

/**
 * Updates a queued mail before it is sent: today's figures and today's main button.
 * @returns null if there is nothing left to say
 */
export async function mailNow(
  userId: Types.ObjectId,
  queued: NotificationContent,
): Promise<NotificationContent | null> {
  const content = await stillTrue(userId, queued)
  if (!content || !ABOUT_CREDITS.includes(content.kind)) return content
  return { ...content, data: { ...content.data, ...(await wayOf(userId)) } } as NotificationContent
}

type Way = Extract<NotificationContent, { kind: 'credits_arrived' }>['data']['way']

/** As on the pages: use credits, unless there are none or something prevents that. */
async function wayOf(userId: Types.ObjectId): Promise<{ way?: Way; pause?: string }> {
  const user = await UserModel.findById(userId).lean<User>()
  if (!user) return {}
  const balance = await getBalance(userId)
  const standing = currentPlanStatus(user, balance)
  return { way: toWay(primaryActionOf(standing, balance.credits)), pause: pausesOf(standing)[0]?.text }
}

function toWay(main: PrimaryAction): Way {
  switch (main) {
    case 'use':
    case 'buy':
    case 'update-card':
    case 'confirm':
    case 'restart':
      return main
    default:
      return 'wait'
  }
}
