import { config } from '../config.server.ts'
import { hashToken } from './secret-token.server.ts'

/** The name of a cookie. On https, browsers refuse `__Host-` cookies set by another host or path. */
export function cookieName(what: 'session' | 'device'): string {
  const { appUrl, isLocal, sessionSecrets } = config()
  if (appUrl.startsWith('https:')) return `__Host-scrip_${what}`
  // Cookies ignore ports: two installations on one machine must not log each other out.
  if (!isLocal) return `scrip_${what}`
  return `scrip_${what}_${hashToken(sessionSecrets.at(-1) ?? '').slice(0, 8)}`
}
