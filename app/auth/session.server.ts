import { createSessionStorage, type Session, type SessionStorage } from '@remix-run/node'
import { Types } from 'mongoose'
import { SessionModel } from '#models/session.server.ts'
import type { User } from '#models/user.server.ts'
import { machineNow } from '../clock.server.ts'
import { config } from '../config.server.ts'
import { cookieName } from './cookie-name.server.ts'
import { hashToken, newToken } from './secret-token.server.ts'

const SESSION_DAYS = 30
const SESSION_SECONDS = SESSION_DAYS * 24 * 60 * 60

interface SessionData {
  userId: string
  /** The user's `sessionEpoch` at log-in: when the user's has moved on, the session is over. */
  epoch: number
}

let storage: SessionStorage<SessionData> | null = null

/**
 * Opens a session for a user and ends the one that the request came with, so that an id which somebody planted before
 * the log-in is worth nothing after it.
 * @returns the Set-Cookie header
 */
export async function startSession(request: Request, user: Pick<User, '_id' | 'sessionEpoch'>): Promise<string> {
  await endSession(request)
  const session = await sessions().getSession()
  session.set('userId', user._id.toHexString())
  session.set('epoch', user.sessionEpoch)
  return sessions().commitSession(session)
}

/**
 * Ends the request's session in the database, so that a copy of the cookie is dead too.
 * @returns the Set-Cookie header that removes the cookie
 */
export async function endSession(request: Request): Promise<string> {
  return sessions().destroySession(await readCookie(request))
}

/**
 * Reads the request's session.
 * @returns null when there is none, it has expired, or its signature is not ours
 */
export async function findSession(request: Request): Promise<{ userId: Types.ObjectId; epoch: number } | null> {
  if (!request.headers.has('Cookie')) return null
  const session = await readCookie(request)
  const userId = session.get('userId')
  const epoch = session.get('epoch')
  return userId === undefined || epoch === undefined ? null : { userId: new Types.ObjectId(userId), epoch }
}

/** How many of a user's sessions are open. */
export async function countSessionsOf(userId: Types.ObjectId): Promise<number> {
  return SessionModel.countDocuments({ userId, expiresAt: { $gt: machineNow() } })
}

/** Ends every session of a user but none of anybody else's; the epoch has ended them already, this tidies up. */
export async function deleteSessionsOf(userId: Types.ObjectId): Promise<void> {
  await SessionModel.deleteMany({ userId })
}

function readCookie(request: Request): Promise<Session<SessionData>> {
  return sessions().getSession(request.headers.get('Cookie'))
}

function sessions(): SessionStorage<SessionData> {
  storage ??= createSessionStorage<SessionData>({
    cookie: {
      name: cookieName('session'),
      secrets: config().sessionSecrets,
      httpOnly: true,
      sameSite: 'lax',
      path: '/',
      secure: config().appUrl.startsWith('https:'),
      maxAge: SESSION_SECONDS,
    },
    createData: async (data) => {
      const id = newToken()
      await SessionModel.create({
        _id: hashToken(id),
        data,
        userId: new Types.ObjectId(data.userId),
        expiresAt: new Date(machineNow().getTime() + SESSION_SECONDS * 1_000),
      })
      return id
    },
    readData: async (id) => {
      // The database's own expiry may run late or never.
      const record = await SessionModel.findOne({ _id: hashToken(id), expiresAt: { $gt: machineNow() } }).lean()
      return record ? (record.data as SessionData) : null
    },
    updateData: async (id, data) => {
      await SessionModel.updateOne({ _id: hashToken(id) }, { $set: { data } })
    },
    deleteData: async (id) => {
      if (id) await SessionModel.deleteOne({ _id: hashToken(id) })
    },
  })
  return storage
}

/** Forgets the cookie's settings, so that a test can change the configuration. */
export function resetSessions(): void {
  storage = null
}
