import { createHash } from 'node:crypto'
import type { LoaderFunctionArgs } from '@remix-run/node'
import { openApiDocument } from '#app/api-reference/openapi.server.ts'
import { config } from '#app/config.server.ts'
import { methodNotAllowed } from '#app/http/api-error.server.ts'

export const action = () => methodNotAllowed('GET')

let known: { appUrl: string; text: string; etag: string } | null = null

/** The description of the API, for programs. It is public, and changes only with a new version of the app. */
export function loader({ request }: LoaderFunctionArgs): Response {
  const { appUrl } = config()
  if (known?.appUrl !== appUrl) {
    const text = JSON.stringify(openApiDocument(appUrl))
    known = { appUrl, text, etag: `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"` }
  }
  const headers = { ETag: known.etag, 'Cache-Control': 'public, max-age=300' }
  const isKnown = request.headers.get('If-None-Match')?.includes(known.etag)
  if (isKnown) return new Response(null, { status: 304, headers })
  return new Response(known.text, { headers: { ...headers, 'Content-Type': 'application/json' } })
}
