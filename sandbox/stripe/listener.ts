import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { chatCompletions } from '../text-model/chat-completions.ts'
import type { Faults } from './core/faults.ts'
import { newId } from './core/ids.ts'
import type { PageHandler } from './http/reply.ts'
import type { Api, ApiRequest } from './api/api.ts'

const LARGEST_BODY = 1_000_000

/** The HTTP server: Stripe's API under `/v1`, everything else goes to the pages. */
export function createListener(api: Api, faults: Faults, pages: PageHandler): Server {
  return createServer((request, response) => {
    answer(api, faults, pages, request, response).catch((error: unknown) => {
      console.error(error)
      if (!response.headersSent) response.writeHead(500, { 'Content-Type': 'text/plain; charset=utf-8' })
      response.end('The sandbox failed. See its output for the error.')
    })
  })
}

async function answer(
  api: Api,
  faults: Faults,
  pages: PageHandler,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://sandbox')
  const body = await read(request)
  const method = request.method ?? 'GET'
  if (method === 'POST' && url.pathname === '/text-model/v1/chat/completions') return chatCompletions(body, response)
  if (url.pathname.startsWith('/v1/')) {
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]),
    )
    return apiAnswer(api, faults, { method, path: url.pathname, query: url.search.slice(1), body, headers }, response)
  }
  const reply = (await pages({ method, url, form: new URLSearchParams(body), body, headers: request.headers })) ?? {
    status: 404,
    body: 'Not found',
  }
  response.writeHead(reply.status ?? 200, {
    'Content-Type': 'text/html; charset=utf-8',
    'Cache-Control': 'no-store',
    ...reply.headers,
  })
  response.end(reply.body)
}

async function apiAnswer(api: Api, faults: Faults, request: ApiRequest, response: ServerResponse): Promise<void> {
  const failure = faults.next(request.method, request.path)
  if (faults.slow > 0) await delayed(api, request, faults.slow)
  if (failure === 'reset') return void response.socket?.destroy()
  if (failure === 'timeout') return
  if (typeof failure === 'number') {
    const type = failure === 429 ? 'invalid_request_error' : 'api_error'
    const error = {
      type,
      ...(failure === 429 && { code: 'rate_limit' }),
      message:
        failure === 429
          ? 'Too many requests hit the API too quickly. We recommend an exponential backoff of your requests.'
          : "Something went wrong on Stripe's end (a fault turned on in the sandbox).",
    }
    return send(response, failure, { 'Request-Id': newId('req') }, { error })
  }
  const { status, headers, body } = api.handle(request)
  // The call took effect and the caller does not learn of it, which is what idempotency keys are for.
  if (failure === 'lost_answer') return void response.socket?.destroy()
  send(response, status, headers, body)
}

/** Holds the idempotency key while the response is delayed, so that a second request is refused. */
async function delayed(api: Api, request: ApiRequest, milliseconds: number): Promise<void> {
  const key = request.headers['idempotency-key']
  if (api.holds(key)) return
  const release = api.hold(key)
  await wait(milliseconds)
  release()
}

function send(response: ServerResponse, status: number, headers: Record<string, string>, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers })
  response.end(JSON.stringify(body, null, 2))
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > LARGEST_BODY) throw new Error('Request body too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
