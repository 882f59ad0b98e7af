/** What a decision about a request's origin needs to know. */
export interface OriginFacts {
  method: string
  path: string
  headers: Headers
  /** The `Host` as the client sent it. */
  host: string | null
  appUrl: string
  isLocal: boolean
}

export type OriginVerdict =
  /** Ours, or no browser at all. */
  | 'allowed'
  /** Carries its own proof (a signature, an API key): not a browser's doing, and its cookie must not count. */
  | 'allowed_without_cookie'
  | 'refused'

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])
const WEBHOOK_PATH = '/api/webhook'

/**
 * Decides whether a request may change anything. Remix checks only some kinds of requests, so this comes first, for all
 * of them: what the browser itself says (`Sec-Fetch-Site`) counts most, then `Origin`, then `Referer`. A request with
 * none of them comes from a program; a browser sends at least `Origin` with every post.
 */
export function judgeOrigin(facts: OriginFacts): OriginVerdict {
  const { headers } = facts
  // Another site's script cannot send this header: it would have to ask first, and nobody answers.
  if (/^Bearer\s/i.test(headers.get('Authorization') ?? '')) return 'allowed_without_cookie'
  if (facts.path === WEBHOOK_PATH) return 'allowed_without_cookie'
  if (SAFE_METHODS.has(facts.method)) return 'allowed'

  const site = headers.get('Sec-Fetch-Site')
  if (site !== null) return site === 'same-origin' || site === 'none' ? 'allowed' : 'refused'
  const origin = headers.get('Origin')
  if (origin !== null) return isOurs(origin, facts) ? 'allowed' : 'refused'
  const referer = headers.get('Referer')
  if (referer !== null) return URL.canParse(referer) && isOurs(new URL(referer).origin, facts) ? 'allowed' : 'refused'
  return 'allowed'
}

function isOurs(origin: string, { appUrl, host, isLocal }: OriginFacts): boolean {
  if (origin === appUrl) return true
  // On one's own machine one opens localhost, 127.0.0.1 or an address in the local network; the page's own will do.
  return isLocal && host !== null && URL.canParse(origin) && new URL(origin).host === host
}
