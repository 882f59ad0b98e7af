import type { AppLoadContext } from '@remix-run/node'
import { config } from '../config.server.ts'
import { CLIENT_ADDRESS_HEADER } from './client-address.server.ts'

export type RemixHandler = (request: Request, context: AppLoadContext) => Promise<Response>

interface RequestFacts {
  body: Buffer | undefined
  address: string
  dropCookie: boolean
}

/** Where Remix and many others look for a host, a protocol or an address that the client could have made up. */
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
 * The request as Remix gets it: its address is `APP_URL` whatever the client says, so no link, mail or redirect can be
 * led elsewhere. `Origin` has been judged by then; without it, Remix's own stricter check lets honest posts pass.
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
