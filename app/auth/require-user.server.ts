import { redirect } from '@remix-run/node'
import type { Types } from 'mongoose'
import type { ApiScope } from '#models/api-key.server.ts'
import { type User, UserModel } from '#models/user.server.ts'
import { apiError, errorResponse, isDatabaseTrouble, unavailable } from '../http/api-error.server.ts'
import { RateLimited } from '../http/errors.ts'
import { readOnce } from '../http/shared-reads.server.ts'
import { safeRedirect } from '../http/safe-redirect.ts'
import { withSearch } from '../with-search.ts'
import { type ApiBudget, rateLimitHeaders, takeApiCall } from './api-budget.server.ts'
import { findApiKeyOwner, findRecentApiKeyOwner } from './api-key-owner.server.ts'
import { SCOPES } from './api-scope.ts'
import { ApiKeyExpired } from './errors.ts'
import { findSession } from './session.server.ts'

/**
 * Finds the user who is logged in, for a page.
 * @returns null without a session, or for one that has expired or ended
 * @throws a 503 response when the database is down: the user is unknown then, not logged out
 */
export async function findUser(request: Request): Promise<User | null> {
  return readOnce(request, 'user', () => findSessionUser(request)).catch((error: unknown) => {
    throw isDatabaseTrouble(error) ? unavailable() : error
  })
}

async function findSessionUser(request: Request): Promise<User | null> {
  const session = await findSession(request)
  if (!session) return null
  const user = await findUserById(session.userId)
  return user && user.sessionEpoch === session.epoch ? user : null
}

/**
 * Guards a page. Call it in every loader and action: loaders run side by side, and an action runs without its parent's
 * loader, so a parent's guard guards nothing.
 * @throws a redirect to the log-in page, which leads back here
 */
export async function requireUser(request: Request): Promise<User> {
  const user = await findUser(request)
  if (user) return user
  throw redirect(withSearch('/login', { redirectTo: wayBack(request) }))
}

export interface ApiCaller {
  user: User
  /** How the caller proved who it is. */
  via: 'session' | 'api_key'
  /** What the caller may do. A session may do everything. */
  scopes: readonly ApiScope[]
  /** Whose own spending caps count; none for a session. */
  spender?: string
  budget: ApiBudget
}

export interface RecentApiCaller extends ApiCaller {
  /**
   * The user as of now; `user` may be a few seconds old.
   * @throws a 401 response if the key has been revoked or has expired since
   */
  readUser: () => Promise<User>
}

/**
 * Guards an API route: a session cookie or `Authorization: Bearer <API key>`. With a key, the cookie is ignored.
 * @throws a 401 or 429 response in the API's error shape
 */
export const requireApiUser = (request: Request): Promise<ApiCaller> => identify(request, findApiKeyOwner)

/** {@link requireApiUser} without a read for a key that was used a moment ago, for routes that are called very often. */
export async function requireRecentApiUser(request: Request): Promise<RecentApiCaller> {
  const caller = await identify(request, findRecentApiKeyOwner)
  const readUser = async () => (caller.via === 'session' ? caller.user : (await ownerOf(request, findApiKeyOwner)).user)
  return { ...caller, readUser }
}

type Owner = Pick<ApiCaller, 'user' | 'scopes' | 'spender'>
type FindOwner = (key: string) => Promise<Owner | null>

async function identify(request: Request, findOwner: FindOwner): Promise<ApiCaller> {
  const via = request.headers.has('Authorization') ? 'api_key' : 'session'
  const { user, scopes, spender } = await (via === 'session' ? sessionOwnerOf(request) : ownerOf(request, findOwner))
  // A thrown Response ends the route whatever its own error handling is.
  const budget = await takeApiCall(user._id).catch((error: unknown) => {
    throw apiError(error, error instanceof RateLimited ? rateLimitHeaders(error) : {})
  })
  return { user, via, scopes, spender, budget }
}

async function sessionOwnerOf(request: Request): Promise<Owner> {
  return { user: (await findSessionUser(request)) ?? refuse(), scopes: SCOPES.spend }
}

async function ownerOf(request: Request, findOwner: FindOwner): Promise<Owner> {
  const key = /^Bearer +(\S+)$/i.exec(request.headers.get('Authorization') ?? '')?.[1]
  if (key === undefined) return refuse()
  const owner = await findOwner(key).catch((error: unknown) => {
    throw error instanceof ApiKeyExpired
      ? apiError(error, { 'WWW-Authenticate': 'Bearer error="invalid_token"' })
      : error
  })
  return owner ?? refuse()
}

function refuse(): never {
  const message = 'Log in, or send an API key as "Authorization: Bearer sk_scrip_…".'
  throw errorResponse('unauthenticated', message, {}, { 'WWW-Authenticate': 'Bearer' })
}

async function findUserById(userId: Types.ObjectId): Promise<User | null> {
  return UserModel.findById(userId).lean<User>()
}

/** Where to return after a detour such as the log-in: the page, or for a form post the page with the form. */
export function wayBack(request: Request): string {
  const referer = request.method === 'GET' ? null : request.headers.get('Referer')
  const { pathname, search } = new URL(referer !== null && URL.canParse(referer) ? referer : request.url)
  const path = pathname.replace(/\.data$/, '').replace(/^\/_root$/, '/')
  // `_routes` and `index` are Remix's own, not the page's.
  const parameters = new URLSearchParams(search)
  parameters.delete('_routes')
  parameters.delete('index')
  const query = parameters.size > 0 ? `?${parameters.toString()}` : ''
  return safeRedirect(path + query)
}
