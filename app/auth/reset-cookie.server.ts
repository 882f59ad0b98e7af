import { type Cookie, createCookie } from '@remix-run/node'
import { cookieAttributes } from '../http/cookie-attributes.server.ts'

const SECONDS = 60 * 60

/**
 * Holds the secret of a reset link between the click and the form, so that it leaves the address bar at once: there it
 * would go into the history and into the `Referer` of whatever the page loads. Its path is not the page's own: with
 * JavaScript the form goes to /reset-password.data, which is not below it.
 */
export function resetCookie(): Cookie {
  return createCookie('scrip_reset', cookieAttributes(SECONDS))
}
