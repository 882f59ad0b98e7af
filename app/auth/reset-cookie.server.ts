import { type Cookie, createCookie } from '@remix-run/node'
import { config } from '../config.server.ts'

const SECONDS = 60 * 60

/**
 * Holds the secret of a reset link between the click and the form, so that it leaves the address bar at once: there it
 * would go into the history and into the `Referer` of whatever the page loads.
 */
export function resetCookie(): Cookie {
  return createCookie('scrip_reset', {
    httpOnly: true,
    sameSite: 'lax',
    // Not the page's own path: with JavaScript the form goes to /reset-password.data, which is none of its children.
    path: '/',
    secure: config().appUrl.startsWith('https:'),
    maxAge: SECONDS,
  })
}
