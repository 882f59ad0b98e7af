import { createSessionStorage, type Session, type SessionStorage } from '@remix-run/node'
import { Types } from 'mongoose'
import { SessionModel } from '#models/session.server.ts'
import type { User } from '#models/user.server.ts'
import { machineNow } from '../clock.server.ts'
import { config } from '../config.server.ts'
import { clientNetwork } from '../http/client-address.server.ts'
import { cookieAttributes } from '../http/cookie-attributes.server.ts'
import { browserName } from './browser-name.ts'
import { cookieName } from './cookie-name.server.ts'
import { hashToken, newToken } from './secret-token.server.ts'

const DAY_MS = 24 * 60 * 60 * 1_000
/** A session ends this long after the log-in … */
export const SESSION_DAYS = 30
/** … and this long after its last use. */
export const IDLE_DAYS = 14
/** The time of the last use is this precise, so that most page views only read. */
const SEEN_PRECISION_MS = 5 * 60 * 1_000

interface SessionData {
  userId: string
  /** The user's `sessionEpoch` at log-in: once the user's has changed, the session is over. */
  epoch: number
  /** Who opens it; stored beside the data. */
  client?: ReturnType<typeof clientOf>
  /** The last use; read, never written as data. */
  lastSeenAt?: Date | null
}

let storage: SessionStorage<SessionData> | null = null

/**
 * Opens a session for a user and ends the one of the request, so that an id that was planted before the log-in is worthless
 * after it.
 * @returns the Set-Cookie header
 */
export async function startSession(request: Request, user: Pick<User, '_id' | 'sessionEpoch'>): Promise<string> {
  await endSession(request)
  const session = await sessions().getSession()
  session.set('userId', user._id.toHexString())
  session.set('epoch', user.sessionEpoch)
  session.set('client', clientOf(request))
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
 * Reads the request's session, and notes its use.
 * @returns null if there is none, it has expired, was unused for too long, or was not signed by us
 */
export async function findSession(request: Request): Promise<{ userId: Types.ObjectId; epoch: number } | null> {
  if (!request.headers.has('Cookie')) return null
  const session = await readCookie(request)
  const userId = session.get('userId')
  const epoch = session.get('epoch')
  if (userId === undefined || epoch === undefined) return null
  const seenAt = session.get('lastSeenAt')
  if (!seenAt || machineNow().getTime() - seenAt.getTime() > SEEN_PRECISION_MS) await noteUse(session, request)
  return { userId: new Types.ObjectId(userId), epoch }
}

/**
 * Lists a user's open sessions, the last used first.
 * @param request its session is marked as the current one
 */
export async function listSessions(user: Pick<User, '_id' | 'sessionEpoch'>, request: Request) {
  const current = hashToken((await readCookie(request)).id)
  const records = await SessionModel.find({ ...openOnes(), userId: user._id, 'data.epoch': user.sessionEpoch })
    .sort({ lastSeenAt: -1 })
    .lean()
  return records.map(({ _id, browser, network, lastSeenAt }) => ({
    /** Names it on the page, and opens nothing. */
    id: publicId(_id),
    browser: browser ?? browserName(null),
    network: network ?? 'unknown',
    lastSeenAt: lastSeenAt ?? null,
    isCurrent: _id === current,
  }))
}

/**
 * Ends one of a user's sessions. Safe to repeat.
 * @param id as {@link listSessions} names it; any other id changes nothing
 */
export async function endSessionById(userId: Types.ObjectId, id: string): Promise<void> {
  const records = await SessionModel.find({ userId }).select({ _id: 1 }).lean()
  const found = records.find(({ _id }) => publicId(_id) === id)
  if (found) await SessionModel.deleteOne({ _id: found._id, userId })
}

/** Deletes every session of a user; the epoch has already ended them. */
export async function deleteSessionsOf(userId: Types.ObjectId): Promise<void> {
  await SessionModel.deleteMany({ userId })
}

/** Pages never show the id that the database finds a session by. */
const publicId = (_id: string): string => hashToken(_id).slice(0, 24)

/** The database's own expiry may be late. Older sessions have no `lastSeenAt`. */
function openOnes() {
  const time = machineNow()
  const idleSince = new Date(time.getTime() - IDLE_DAYS * DAY_MS)
  return { expiresAt: { $gt: time }, $or: [{ lastSeenAt: null }, { lastSeenAt: { $gt: idleSince } }] }
}

async function noteUse({ id }: Session<SessionData>, request: Request): Promise<void> {
  await SessionModel.updateOne({ _id: hashToken(id) }, { $max: { lastSeenAt: machineNow() }, $set: clientOf(request) })
}

function clientOf(request: Request) {
  return { browser: browserName(request.headers.get('User-Agent')), network: clientNetwork(request) }
}

function readCookie(request: Request): Promise<Session<SessionData>> {
  return sessions().getSession(request.headers.get('Cookie'))
}

function sessions(): SessionStorage<SessionData> {
  storage ??= createSessionStorage<SessionData>({
    cookie: {
      name: cookieName('session'),
      secrets: config().sessionSecrets,
      ...cookieAttributes((SESSION_DAYS * DAY_MS) / 1_000),
    },
    createData: async ({ client, ...data }) => {
      const id = newToken()
      const time = machineNow()
      await SessionModel.create({
        ...client,
        _id: hashToken(id),
        data,
        userId: new Types.ObjectId(data.userId),
        lastSeenAt: time,
        expiresAt: new Date(time.getTime() + SESSION_DAYS * DAY_MS),
      })
      return id
    },
    readData: async (id) => {
      const record = await SessionModel.findOne({ ...openOnes(), _id: hashToken(id) }).lean()
      return record ? { ...(record.data as SessionData), lastSeenAt: record.lastSeenAt } : null
    },
    updateData: async (id, { userId, epoch }) => {
      const data = { userId, epoch }
      await SessionModel.updateOne({ _id: hashToken(id) }, { $set: { data } })
    },
    deleteData: async (id) => {
      if (id) await SessionModel.deleteOne({ _id: hashToken(id) })
    },
  })
  return storage
}

/** Forgets the cookie's settings, for tests that change the configuration. */
export function resetSessions(): void {
  storage = null
}
