import type { AppLoadContext } from '@remix-run/node'
import { config } from '../config.server.ts'
import { CLIENT_ADDRESS_HEADER } from './client-address.server.ts'

export type RemixHandler = (request: Request, context: AppLoadContext) => Promise<Response>

interface RequestFacts {
  body: Buffer | undefined
  address: string
  dropCookie: boolean
}

/** Headers in which Remix and others look for a host, a protocol or an address, although clients can forge them. */
const FORWARDED = [
  'Forwarded',
  'X-Forwarded-For',
  'X-Forwarded-Host',
  'X-Forwarded-Port',
  'X-Forwarded-Proto',
  'X-Forwarded-Server',
  'X-Real-IP',
]

/**
 * The request for Remix. Its address is `APP_URL` whatever the client says, so that no link, mail or redirect can lead
 * elsewhere. `Origin` was checked before; without it, Remix's own stricter check accepts honest posts.
 */
export function toRemixRequest(request: Request, { body, address, dropCookie }: RequestFacts): Request {
  const { appUrl } = config()
  const { pathname, search } = new URL(request.url)
  const headers = new Headers(request.headers)
  for (const name of FORWARDED) headers.delete(name)
  headers.delete('Origin')
  headers.set('Host', new URL(appUrl).host)
  headers.set(CLIENT_ADDRESS_HEADER, address)
  if (dropCookie) headers.delete('Cookie')
  return new Request(appUrl + pathname + search, {
    method: request.method,
    headers,
    body: body && body.byteLength > 0 ? new Uint8Array(body) : undefined,
    signal: request.signal,
  })
}
