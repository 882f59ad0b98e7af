import { config } from '../config.server.ts'
import { refuse, type Refusal } from './error-page.server.ts'
import { judgeOrigin } from './same-origin.ts'

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']
const MAX_QUERY_CHARACTERS = 8_192

interface GateFacts {
  host: string | null
  nonce: string
}

/**
 * Refuses what must not reach Remix, in this order: unknown methods, Remix's old protocol, and changes that another site
 * requests.
 * @returns the refusal, or what the rest of the server needs to know
 */
export function gate(request: Request, { host, nonce }: GateFacts): Response | { path: string; dropCookie: boolean } {
  const url = new URL(request.url)
  const path = url.pathname
  const turnAway = (refusal: Refusal) => refuse(request, nonce, refusal)
  if (!METHODS.includes(request.method)) {
    const headers = { Allow: METHODS.join(', ') }
    const title = 'That method is not allowed'
    return turnAway({ code: 'method_not_allowed', title, message: 'This method is not supported.', headers })
  }
  if (request.method === 'OPTIONS') return new Response(null, { status: 204, headers: { Allow: METHODS.join(', ') } })
  if (url.search.length > MAX_QUERY_CHARACTERS) {
    return turnAway({ code: 'invalid_request', title: 'That URL is too long', message: 'Shorten the query string.' })
  }
  // Remix 2 still answers single loaders and actions by this parameter, without its own check of the origin.
  if (url.searchParams.has('_data')) {
    const message = 'The "_data" parameter is not supported.'
    return turnAway({ code: 'gone', title: 'This address is gone', message })
  }
  // Lazy route discovery is off; one request to its endpoint could block the process for a second.
  if (path === '/__manifest') {
    return turnAway({ code: 'not_found', title: 'This page does not exist', message: 'There is nothing here.' })
  }

  const { appUrl, isLocal } = config()
  const verdict = judgeOrigin({ method: request.method, path, headers: request.headers, host, appUrl, isLocal })
  if (verdict === 'refused') {
    return turnAway({
      code: 'cross_site_request',
      title: 'That request came from another site',
      message: 'Nothing was changed. Open the page on this site and submit the form again.',
    })
  }
  return { path, dropCookie: verdict === 'allowed_without_cookie' }
}
