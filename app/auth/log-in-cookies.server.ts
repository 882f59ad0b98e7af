import type { User } from '#models/user.server.ts'
import { rememberDevice } from './device.server.ts'
import { startSession } from './session.server.ts'

/**
 * Logs a user in, in the browser of the request: a new session, and the mark of a known device.
 * @returns headers with both cookies
 */
export async function logInCookies(request: Request, user: Pick<User, '_id' | 'sessionEpoch'>): Promise<Headers> {
  const headers = new Headers()
  headers.append('Set-Cookie', await startSession(request, user))
  headers.append('Set-Cookie', await rememberDevice(request, user))
  return headers
}
