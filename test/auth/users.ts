import { randomUUID } from 'node:crypto'
import { startSession } from '#app/auth/session.server.ts'
import { signUp } from '#app/auth/sign-up.server.ts'
import type { User } from '#models/user.server.ts'

export const PASSWORD = 'a short sentence works'

/** Signs a user up for real, with a unique address. */
export async function newUser(): Promise<User> {
  return signUp({ email: `user-${randomUUID()}@example.com`, password: PASSWORD, name: 'Ada' })
}

/** The cookie as a browser sends it back. */
export function cookieOf(setCookie: string | null): string {
  return setCookie?.split(';')[0] ?? ''
}

/** A request for a page, with or without a cookie. */
export function visit(path: string, cookie?: string): Request {
  return new Request(`http://localhost:3000${path}`, { headers: cookie ? { Cookie: cookie } : {} })
}

/** A request of a user who has just logged in. */
export async function visitAs(user: User, path = '/dashboard'): Promise<Request> {
  return visit(path, cookieOf(await startSession(visit('/login'), user)))
}
