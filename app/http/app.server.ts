import type { HttpBindings } from '@hono/node-server'
import type { ServerBuild } from '@remix-run/node'
import { type Context, Hono } from 'hono'
import { compress } from 'hono/compress'
import { randomBytes, randomUUID } from 'node:crypto'
import { config } from '../config.server.ts'
import { logger } from '../log.server.ts'
import { answerApi } from './answer-api.server.ts'
import { clientAddressOf } from './client-address.server.ts'
import { refuse } from './error-page.server.ts'
import { gate } from './request-guard.server.ts'
import { countRequest, requestsInFlight } from './metrics.server.ts'
import { probes } from './probes.server.ts'
import { watchProxies } from './proxy-warning.server.ts'
import { isStopping } from './readiness.server.ts'
import { type RemixHandler, toRemixRequest } from './remix-request.server.ts'
import { maxBodyBytes, readBody } from './request-body.server.ts'
import { type MatchedRoute, routeTable } from './route-table.ts'
import { withSharedReads } from './shared-reads.server.ts'
import { contentSecurityPolicy, securityHeaders } from './security-headers.ts'

/** What the parts of the HTTP app share about a request. */
interface AppVariables {
  requestId: string
  nonce: string
  /** The route that Remix will find, or null. */
  route: MatchedRoute | null
}

type AppContext = Context<{ Bindings: HttpBindings; Variables: AppVariables }>

interface AppParts {
  /** Remix itself. */
  handle: RemixHandler
  /** For its route table; in development each edit makes a new one. */
  loadBuild: () => Promise<ServerBuild>
  /** Answers with a built file, or null. */
  findFile: (request: Request) => Promise<Response | null>
  isDevServer: boolean
}

/** For pages without their own retry time. */
const RETRY_AFTER_SECONDS = '60'

const COMPRESSIBLE = /^(text\/(html|csv|plain)|text\/x-script|application\/json)/

/** Builds everything between the network and Remix. */
export function createApp({ handle, loadBuild, findFile, isDevServer }: AppParts) {
  const app = new Hono<{ Bindings: HttpBindings; Variables: AppVariables }>()
  const small = compress({ contentTypeFilter: COMPRESSIBLE })
  const { trustedProxies } = config()
  const noticeProxies = watchProxies(trustedProxies)

  app.use(async (c, next) => {
    const started = performance.now()
    c.set('requestId', randomUUID())
    c.set('nonce', randomBytes(16).toString('base64'))
    c.set('route', null)
    requestsInFlight.inc()
    await next().finally(() => requestsInFlight.dec())
    addHeaders(c, isDevServer)
    report(c, (performance.now() - started) / 1_000)
  })

  app.route('/', probes())

  app.use(async (c, next) => {
    const isRead = c.req.method === 'GET' || c.req.method === 'HEAD'
    return (isRead && (await findFile(c.req.raw))) || next()
  })

  app.all('*', async (c) => {
    const passed = gate(c.req.raw, { host: c.env.incoming.headers.host ?? null, nonce: c.get('nonce') })
    if (passed instanceof Response) return passed
    const { path } = passed
    const findRoute = routeTable(await loadBuild())
    const route = findRoute(path.replace(/\.data$/, '').replace(/^\/_root$/, '/'))
    c.set('route', route)

    const early = answerApi(path, c.req.method, route)
    if (early) return early

    const maxBytes = maxBodyBytes(path)
    const hasBody = c.req.method !== 'GET' && c.req.method !== 'HEAD'
    const body = hasBody ? await readBody(c.env.incoming, maxBytes) : undefined
    if (body === null) return tooLarge(c, maxBytes)

    const { requestId, nonce } = c.var
    noticeProxies(c.env.incoming)
    const address = clientAddressOf(c.env.incoming, trustedProxies)
    const request = toRemixRequest(c.req.raw, { body, address, dropCookie: passed.dropCookie })
    const answer = () => handle(request, { requestId, nonce })
    c.res = ensureApiShape(path, await withSharedReads(request, answer))
    if (c.res.status === 429 && !c.res.headers.has('Retry-After')) c.res.headers.set('Retry-After', RETRY_AFTER_SECONDS)
    // JSON responses are frequent, and too small to gain.
    if (isWorthCompressing(c.res)) await small(c, async () => {})
    return c.res
  })

  app.onError((error, c) => {
    // The client disconnected while sending its body.
    if (c.env.incoming.errored || c.req.raw.signal.aborted) return new Response(null, { status: 400 })
    logger.error({ err: error, requestId: c.get('requestId') }, 'A request failed before it reached a page')
    return refuse(c.req.raw, c.get('nonce'), {
      code: 'internal_error',
      title: 'Something went wrong on our side',
      message: `If you contact us, include this ID: ${c.get('requestId')}`,
    })
  })

  return app
}

/** A route's own headers win: a document for a frame has its own policy. */
function addHeaders(c: AppContext, isDevServer: boolean): void {
  const { headers } = c.res
  const { nonce, requestId } = c.var
  const { appUrl, sandboxUrl } = config()
  for (const [name, value] of Object.entries(securityHeaders(appUrl))) if (!headers.has(name)) headers.set(name, value)
  headers.set('X-Request-Id', requestId)
  if (headers.get('Content-Type')?.startsWith('text/html') && !headers.has('Content-Security-Policy')) {
    headers.set('Content-Security-Policy', contentSecurityPolicy({ nonce, appUrl, sandboxUrl, isDevServer }))
  }
  // The next connection should go to a process that keeps running.
  if (isStopping()) headers.set('Connection', 'close')
}

function isWorthCompressing(response: Response): boolean {
  return response.body !== null && !response.headers.get('Content-Type')?.startsWith('application/json')
}

function tooLarge(c: AppContext, maxBytes: number): Response {
  return refuse(c.req.raw, c.get('nonce'), {
    code: 'payload_too_large',
    title: 'That request is too large',
    message: `A request may have at most ${maxBytes} bytes.`,
    // The rest of the body is not read, so the connection cannot be reused.
    headers: { Connection: 'close' },
  })
}

/** Errors outside of an API route's own handling get the API's shape too. */
function ensureApiShape(path: string, response: Response): Response {
  const isJson = response.headers.get('Content-Type')?.startsWith('application/json')
  if (!path.startsWith('/api/') || response.status < 500 || isJson) return response
  return Response.json(
    { error: { code: 'internal_error', message: 'Something went wrong on our side.' } },
    { status: response.status, headers: { 'Cache-Control': 'no-store' } },
  )
}

function report(c: AppContext, seconds: number): void {
  const { route, requestId } = c.var
  const { method } = c.req
  const { status } = c.res
  const pattern = route?.pattern ?? 'none'
  countRequest(method, pattern, status, seconds)
  if (!route) return
  const ms = Math.round(seconds * 10_000) / 10
  logger.info({ requestId, method, route: pattern, status, ms }, `${method} ${pattern} ${status} in ${ms} ms`)
}
