import type { ActionFunctionArgs } from '@remix-run/node'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { expect } from 'vitest'
import { addressOf, type ApiCall } from '#app/api-reference/api-call.ts'
import { API_CALLS } from '#app/api-reference/calls.server.ts'
import { openApiDocument } from '#app/api-reference/openapi.server.ts'
import { asKey, call, type Caller } from '../api/caller.ts'

type RouteFunction = (args: ActionFunctionArgs) => Promise<Response> | Response

export interface RouteModule {
  loader?: RouteFunction
  action?: RouteFunction
}

/** Not called by programs with a key: Stripe's events have a signature, and the description is public. */
const NOT_CALLS = /api\.(webhook|openapi\[\.\]json)/

/** Each route of the API by its path, as `/api/credits/holds/{holdId}`. */
export const ROUTES = new Map(
  Object.entries(import.meta.glob<RouteModule>('../../app/routes/api.*{.ts,/route.ts}', { eager: true }))
    .filter(([file]) => !NOT_CALLS.test(file))
    .map(([file, module]) => [pathOf(file), module]),
)

function pathOf(file: string): string {
  const name = /routes\/(.+?)(\/route)?\.ts$/.exec(file)![1]!
  return `/${name
    .split('.')
    .filter((part) => part !== '_index')
    .map((part) => part.replace(/_$/, '').replace(/^\$(.+)$/, '{$1}'))
    .join('/')}`
}

export function callNamed(id: string): ApiCall {
  const found = API_CALLS.find((one) => one.id === id)
  if (!found) throw new Error(`There is no call ${id}`)
  return found
}

export interface Sent {
  headers?: Record<string, string>
  path?: Record<string, string>
  query?: Record<string, string>
  body?: unknown
}

/** Sends a call as its example does; what is given replaces a part of the example. */
export function send(described: ApiCall, { headers = {}, ...changes }: Sent): Promise<Response> {
  const example = { ...described.example, ...changes }
  const module = ROUTES.get(described.path)
  const route = described.method === 'GET' ? module?.loader : module?.action
  if (!route) throw new Error(`There is no route for ${described.path}`)
  const address = addressOf({ path: described.path, example: { path: example.path, query: example.query } })
  return call(route, address, { method: described.method, body: example.body, headers, params: example.path })
}

let count = 0

/** The headers of a call with an API key, and an idempotency key of its own where it takes one. */
export const headersFor = (described: ApiCall, caller: Caller): Record<string, string> =>
  asKey(caller, described.idempotencyKey ? `call-${count++}` : undefined)

const openApi = JSON.parse(JSON.stringify(openApiDocument('http://localhost:3000'))) as {
  paths: Record<string, Record<string, { responses: Record<string, { content?: Record<string, unknown> }> }>>
}

const ajv = new Ajv2020({ strict: false, allErrors: true })
// The linter does not resolve its types.
const addFormats = formats.default as unknown as (to: Ajv2020) => void
addFormats(ajv)
ajv.addSchema(openApi, 'openapi')

const pointer = (...parts: string[]): string =>
  parts.map((part) => `/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')

/** What an independent validator says against a value; nothing if it fits the place in the document. */
export function problemsOf(value: unknown, ...place: string[]): string[] {
  const validate = ajv.compile({ $ref: `openapi#${encodeURI(pointer(...place))}` })
  if (validate(value)) return []
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
}

/** Expects an answer to be one of those that the document describes for its call. */
export async function expectDescribed(described: ApiCall, response: Response): Promise<unknown> {
  const isFile = response.ok && !described.answer.name
  const body: unknown = isFile ? null : await response.json()
  const method = described.method.toLowerCase()
  const status = String(response.status)
  const statuses = Object.keys(openApi.paths[described.path]![method]!.responses)
  expect(statuses, `${described.id} answers ${status}: ${JSON.stringify(body)}`).toContain(status)
  if (isFile) return body
  expect(response.headers.get('Content-Type')).toMatch(/^application\/json/)
  const place = ['paths', described.path, method, 'responses', status, 'content', 'application/json', 'schema']
  expect(problemsOf(body, ...place), `${described.id}: ${JSON.stringify(body)}`).toEqual([])
  return body
}
