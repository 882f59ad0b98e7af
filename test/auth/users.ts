import { randomUUID } from 'node:crypto'
import { startSession } from '#app/auth/session.server.ts'
import { signUp } from '#app/auth/sign-up.server.ts'
import type { User } from '#models/user.server.ts'

export const PASSWORD = 'a short sentence works'

/** Signs somebody up for real, under an e-mail that nobody else has. */
export async function newUser(): Promise<User> {
  return signUp({ email: `user-${randomUUID()}@example.com`, password: PASSWORD, name: 'Ada' })
}

/** The cookie as a browser would send it back. */
export function cookieOf(setCookie: string | null): string {
  return setCookie?.split(';')[0] ?? ''
}

/** A page's request, with a cookie or without. */
export function visit(path: string, cookie?: string): Request {
  return new Request(`http://localhost:3000${path}`, { headers: cookie ? { Cookie: cookie } : {} })
}

/** A request of somebody who has just logged in. */
export async function visitAs(user: User, path = '/dashboard'): Promise<Request> {
  return visit(path, cookieOf(await startSession(visit('/login'), user)))
}
