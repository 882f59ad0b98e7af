import { API_VERSION } from '../core/sdk.ts'
import { StripeApiError, invalidRequest } from '../core/errors.ts'
import { newId } from '../core/ids.ts'
import type { World } from '../core/world.ts'
import { endpoints } from './endpoints.ts'
import { inVersion } from '../versions/legacy.ts'
import type { Endpoint } from '../http/endpoint.ts'
import { expand } from './expand.ts'
import { parseForm } from '../http/form.ts'
import { fingerprintOf, inProgress, recorded } from './idempotency.ts'

export interface ApiRequest {
  method: string
  path: string
  query: string
  body: string
  headers: Record<string, string | undefined>
}

export interface ApiResponse {
  status: number
  headers: Record<string, string>
  body: unknown
}

/** One line of the request log on the control page. */
export interface LoggedRequest {
  id: string
  at: number
  method: string
  path: string
  status: number
  idempotencyKey: string | null
  replayed: boolean
}

/** Serves Stripe's API over a world. */
export class Api {
  readonly log: LoggedRequest[] = []
  readonly #inFlight = new Set<string>()

  constructor(readonly world: World) {}

  /** Marks a key as in use while its response is delayed; see the faults. */
  hold(key: string | undefined): () => void {
    if (key) this.#inFlight.add(key)
    return () => void (key && this.#inFlight.delete(key))
  }

  holds(key: string | undefined): boolean {
    return key !== undefined && this.#inFlight.has(key)
  }

  handle(request: ApiRequest): ApiResponse {
    const id = newId('req')
    const key = request.method === 'GET' ? undefined : request.headers['idempotency-key']
    const version = request.headers['stripe-version'] ?? API_VERSION
    const headers = { 'Request-Id': id, 'Stripe-Version': version, ...(key && { 'Idempotency-Key': key }) }
    const answer = this.#answer(request, id, key, version)
    this.log.push({
      id,
      at: this.world.clock.now(),
      method: request.method,
      path: request.path,
      status: answer.status,
      idempotencyKey: key ?? null,
      replayed: 'Idempotent-Replayed' in answer.headers,
    })
    if (this.log.length > 500) this.log.shift()
    return { ...answer, headers: { ...headers, ...answer.headers } }
  }

  #answer(request: ApiRequest, id: string, key: string | undefined, version: string): ApiResponse {
    try {
      authenticate(request.headers.authorization)
      const { endpoint, ids } = route(request)
      const raw = parseForm(request.method === 'GET' ? request.query : joined(request))
      const params = endpoint.read(raw)
      const run = () => this.#run(endpoint, ids, params, (raw.expand as string[] | undefined) ?? [], version)
      if (!key) return this.#once(id, null, run)
      if (key.length > 255) throw invalidRequest('Idempotency keys can have at most 255 characters.')
      if (this.#inFlight.has(key)) throw inProgress(key)
      const fingerprint = fingerprintOf(request.body)
      const known = recorded(this.world, key, request.path, fingerprint)
      if (known)
        return {
          status: known.status,
          body: known.body,
          headers: { 'Idempotent-Replayed': 'true', 'Original-Request': known.request },
        }
      return this.#once(id, key, run, (answer) => {
        const row = {
          id: key,
          at: this.world.clock.now(),
          path: request.path,
          fingerprint,
          request: id,
          status: answer.status,
          body: answer.body,
        }
        this.world.tables.idempotency.remove(key)
        this.world.tables.idempotency.insert(row)
      })
    } catch (error) {
      return failure(error, id)
    }
  }

  #run(endpoint: Endpoint, ids: string[], params: unknown, expands: string[], version: string): ApiResponse {
    const { world } = this
    const answer = endpoint.handle({ world, params, ids, version })
    return { status: 200, headers: {}, body: inVersion(world, expand(world, answer, expands), version) }
  }

  /** Runs a request in one unit of work with its idempotency record, so that both are on disk or neither. */
  #once(
    id: string,
    key: string | null,
    run: () => ApiResponse,
    record: (answer: ApiResponse) => void = () => {},
  ): ApiResponse {
    const { world } = this
    world.cause = { request: id, idempotencyKey: key }
    try {
      return world.run(() => {
        const answer = world.tables.transactions.attempt(run, (error) =>
          error instanceof StripeApiError ? failure(error, id) : null,
        )
        record(answer)
        return answer
      })
    } finally {
      world.cause = { request: null, idempotencyKey: null }
    }
  }
}

function joined({ body, query }: ApiRequest): string {
  return query ? `${query}&${body}` : body
}

function authenticate(authorization: string | undefined): void {
  const [scheme, credentials = ''] = (authorization ?? '').split(' ')
  const key = scheme === 'Basic' ? Buffer.from(credentials, 'base64').toString().split(':')[0]! : credentials
  if (!key)
    throw new StripeApiError(401, {
      type: 'invalid_request_error',
      message:
        "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
    })
  if (!/^(sk|rk|pk)_test_\w+$/.test(key)) {
    const shown = key.length > 12 ? `${key.slice(0, 8)}${'*'.repeat(key.length - 12)}${key.slice(-4)}` : key
    throw new StripeApiError(401, {
      type: 'invalid_request_error',
      message: `Invalid API Key provided: ${shown}. The sandbox accepts any test key (sk_test_…).`,
    })
  }
}

const routes = endpoints.map((endpoint) => ({ endpoint, steps: endpoint.path.split('/') }))

function route({ method, path }: ApiRequest): { endpoint: Endpoint; ids: string[] } {
  const steps = path.replace(/\/$/, '').split('/')
  for (const { endpoint, steps: pattern } of routes) {
    if (endpoint.method !== method || pattern.length !== steps.length) continue
    if (pattern.every((step, index) => step.startsWith(':') || step === steps[index]))
      return { endpoint, ids: steps.filter((_, index) => pattern[index]!.startsWith(':')).map(decodeURIComponent) }
  }
  throw invalidRequest(
    `Unrecognized request URL (${method}: ${path}). The sandbox implements the part of Stripe's API that the app uses; sandbox/stripe/api/endpoints.ts lists it.`,
    undefined,
    undefined,
    404,
  )
}

function failure(error: unknown, request: string): ApiResponse {
  if (error instanceof StripeApiError)
    return {
      status: error.status,
      headers: error.status === 409 ? { 'Stripe-Should-Retry': 'true' } : {},
      body: { error: { ...error.body, request_log_url: `/#${request}` } },
    }
  console.error(error)
  return {
    status: 500,
    headers: {},
    body: {
      error: {
        type: 'api_error',
        message: `The sandbox failed: ${error instanceof Error ? error.message : 'unknown error'}`,
      },
    },
  }
}
