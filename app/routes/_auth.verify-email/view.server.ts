import { findByConfirmation } from '#app/auth/confirm-email.server.ts'
import { InvalidToken } from '#app/auth/errors.ts'
import type { User } from '#models/user.server.ts'

/** What the page says. */
type ConfirmView =
  /** A valid link: one press is left. */
  | { state: 'ask'; email: string; token: string }
  | { state: 'confirmed'; email: string; isLoggedIn: boolean }
  /** An invalid link. */
  | { state: 'broken'; email: string | null }
  /** No link yet; the address is known if the user is logged in. */
  | { state: 'waiting'; email: string | null }

/**
 * Tells from the link and the session how far a confirmation is. It changes nothing: mail scanners open every link.
 * @param user the one who is logged in, or null
 */
export async function confirmView(token: string | null, user: User | null): Promise<ConfirmView> {
  if (token !== null) return linkView(token, user)
  if (user?.emailConfirmedAt) return { state: 'confirmed', email: user.email, isLoggedIn: true }
  return { state: 'waiting', email: user?.email ?? null }
}

async function linkView(token: string, user: User | null): Promise<ConfirmView> {
  try {
    const owner = await findByConfirmation(token)
    if (!owner.emailConfirmedAt) return { state: 'ask', email: owner.email, token }
    return { state: 'confirmed', email: owner.email, isLoggedIn: owner._id.equals(user?._id) }
  } catch (error) {
    if (!(error instanceof InvalidToken)) throw error
    return { state: 'broken', email: user && !user.emailConfirmedAt ? user.email : null }
  }
}
