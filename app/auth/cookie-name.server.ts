import { createHash } from 'node:crypto'
import { config } from '../config.server.ts'

/** The name of one of our cookies. On https the browser itself refuses `__Host-` cookies that another host or path has set. */
export function cookieName(what: 'session' | 'device'): string {
  const { appUrl, isLocal, sessionSecrets } = config()
  if (appUrl.startsWith('https:')) return `__Host-scrip_${what}`
  // Cookies do not know ports: two installations on one machine must not log each other out.
  return isLocal ? `scrip_${what}_${shortHash(sessionSecrets.at(-1) ?? '')}` : `scrip_${what}`
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8)
}
