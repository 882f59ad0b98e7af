/** What decides about the origin of a request. */
interface OriginFacts {
  method: string
  path: string
  headers: Headers
  /** The `Host` as the client sent it. */
  host: string | null
  appUrl: string
  isLocal: boolean
}

type OriginVerdict =
  /** From our pages, or not from a browser. */
  | 'allowed'
  /** Has its own proof (a signature, an API key), so it is not a browser's, and its cookie must not count. */
  | 'allowed_without_cookie'
  | 'refused'

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])
const WEBHOOK_PATH = '/api/webhook'

/**
 * Decides whether a request may change anything. Remix checks only some requests, so this checks all of them first: by
 * `Sec-Fetch-Site`, which only the browser can set, then `Origin`, then `Referer`. A request without any of them comes from a
 * program; browsers send at least `Origin` with every post.
 */
export function judgeOrigin(facts: OriginFacts): OriginVerdict {
  const { headers } = facts
  // A script of another site cannot send this header: the preflight request gets no permission.
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
  // In local mode the app is opened as localhost, as 127.0.0.1 or by an address in the local network.
  return isLocal && host !== null && URL.canParse(origin) && new URL(origin).host === host
}
