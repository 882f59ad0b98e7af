import {
  type ActionFunctionArgs,
  createReadableStreamFromReadable,
  type EntryContext,
  type LoaderFunctionArgs,
} from '@remix-run/node'
import { isRouteErrorResponse, RemixServer } from '@remix-run/react'
import { isbot } from 'isbot'
import { PassThrough } from 'node:stream'
import { renderToPipeableStream } from 'react-dom/server'
import type { LoadContext } from './http/load-context.ts'
import { NonceProvider } from './http/nonce.ts'
import { logger } from './log.server.ts'

export { startServer } from './http/server.server.ts'

/** How long pages wait for streamed data; queries time out before. */
export const streamTimeout = 6_000
const ABORT_MS = streamTimeout + 1_000

export default function handleRequest(
  request: Request,
  status: number,
  headers: Headers,
  entry: EntryContext,
  { nonce = '', requestId }: Partial<LoadContext>,
): Promise<Response> {
  // Browsers get the page as it is rendered, crawlers when it is complete.
  const readyEvent = isbot(request.headers.get('User-Agent') ?? '') ? 'onAllReady' : 'onShellReady'

  return new Promise((resolve, reject) => {
    let isShellSent = false
    const { pipe, abort } = renderToPipeableStream(
      <NonceProvider value={nonce}>
        <RemixServer context={entry} url={request.url} nonce={nonce} abortDelay={ABORT_MS} />
      </NonceProvider>,
      {
        nonce,
        [readyEvent]: () => {
          isShellSent = true
          const body = new PassThrough()
          headers.set('Content-Type', 'text/html; charset=utf-8')
          resolve(new Response(createReadableStreamFromReadable(body), { status: status, headers }))
          pipe(body)
        },
        onShellError: reject,
        onError: (error: unknown) => {
          // A client that disconnects is not an error. Errors before the shell go to handleError.
          if (!isShellSent || request.signal.aborted || isHangUp(error)) return
          logger.error({ err: error, requestId }, 'A page failed while it was being sent')
        },
      },
    )
    const timer = setTimeout(abort, ABORT_MS)
    timer.unref()
  })
}

/** Logs what a loader or an action threw; the page shows only the request's id. */
export function handleError(error: unknown, { request, context }: LoaderFunctionArgs | ActionFunctionArgs): void {
  if (request.signal.aborted) return
  const { requestId } = context
  // An unknown address or a wrong method is the client's mistake.
  if (isRouteErrorResponse(error) && error.status < 500) return
  logger.error({ err: error, requestId }, 'A request failed')
}

function isHangUp(error: unknown): boolean {
  return error instanceof Error && /destination stream closed|aborted/i.test(error.message)
}
