import { randomUUID } from 'node:crypto'
import type { Types } from 'mongoose'
import type { ApiKey } from '#models/api-key.server.ts'
import type { User } from '#models/user.server.ts'
import { now } from '../clock.server.ts'
import { logger } from '../log.server.ts'
import type { NotificationRequest } from '../notifications/kinds.ts'
import { notify } from '../notifications/outbox.server.ts'
import { scopesOf } from './api-scope.ts'

/** Tells a user by mail that an API key was created, and which one it replaces. */
export async function notifyKeyCreated(
  userId: Types.ObjectId,
  created: Pick<ApiKey, '_id' | 'prefix' | 'createdAt' | 'scopes'>,
  replaced: Pick<ApiKey, 'prefix' | 'expiresAt'> | null = null,
): Promise<void> {
  const { _id, prefix, createdAt } = created
  const replaces = replaced?.expiresAt ? { prefix: replaced.prefix, worksUntil: replaced.expiresAt } : null
  const canSpend = scopesOf(created).includes('spend')
  const data = { prefix, createdAt, canSpend, replaces }
  await tell({ kind: 'api_key_created', userId, key: _id.toHexString(), data })
}

/** Tells the owner of an address by mail that someone signed up with it although it has an account. */
export async function notifyAccountExists({ _id }: Pick<User, '_id'>): Promise<void> {
  await tell({ kind: 'account_exists', userId: _id, key: `${_id.toHexString()}:${randomUUID()}`, data: {} })
}

/** Tells a user by mail that the password was changed, and how many API keys were revoked and still work. */
export async function notifyPasswordChanged(
  user: Pick<User, '_id' | 'sessionEpoch'>,
  how: { byReset: boolean; keysRevoked: number; keysLeft: number },
): Promise<void> {
  const userId = user._id
  const key = `${userId.toHexString()}:${user.sessionEpoch}`
  await tell({ kind: 'password_changed', userId, key, data: { ...how, changedAt: now() } })
}

/** What the mail reports has happened: if it cannot be queued, that must not look like a failure of the change. */
async function tell(request: NotificationRequest): Promise<void> {
  await notify(request).catch((error: unknown) => {
    logger.error({ err: error, kind: request.kind, alert: true }, 'A mail about an account could not be queued')
  })
}
