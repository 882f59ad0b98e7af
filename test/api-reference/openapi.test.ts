import { Validator } from '@seriousme/openapi-schema-validator'
import { describe, expect, test } from 'vitest'
import { errorsOf } from '#app/api-reference/api-call.ts'
import { API_ERROR_CODES } from '#app/api-reference/api-errors.ts'
import { API_CALLS } from '#app/api-reference/calls.server.ts'
import { STATUS_OF_CODE } from '#app/http/error-status.ts'
import { action, loader } from '#app/routes/api.openapi[.]json.ts'
import { useDatabase } from '#test/setup/database.ts'
import { call } from '../api/caller.ts'
import { problemsOf, ROUTES } from './calling.ts'

useDatabase()

const ADDRESS = '/api/openapi.json'

interface Document {
  servers: { url: string }[]
  paths: Record<string, Record<string, object>>
}

const read = async () => (await (await call(loader, ADDRESS)).json()) as Document & Record<string, unknown>

/** Codes that no call answers with: of pages, forms and Stripe's webhook. */
const NOT_OF_THE_API = [
  ...['invalid_signature', 'invalid_login', 'forbidden', 'gone', 'plan_too_small'],
  ...['too_many_grants', 'email_taken', 'weak_password', 'invalid_token', 'api_key_not_found', 'too_many_api_keys'],
  ...['api_key_not_rotatable'],
  ...['no_subscription', 'payment_owed', 'end_set_by_shop', 'changes_set_by_shop', 'intervals_differ'],
  ...['card_declined', 'question_not_sent'],
]

/** Answered before a request reaches its route. */
const OF_ANY_ADDRESS = ['cross_site_request', 'not_found', 'method_not_allowed']

describe('the OpenAPI document', () => {
  test('an independent validator finds it valid', async () => {
    expect(await new Validator().validate(await read())).toMatchObject({ valid: true })
  })

  test('it describes each method of each route, and nothing else', async () => {
    const served: string[] = []
    for (const [path, { loader: get, action: others }] of ROUTES) {
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
        const route = method === 'GET' ? get : others
        const body = method === 'GET' ? undefined : {}
        // Without a key, a method that a route has gets as far as asking for one.
        if (route && (await call(route, path, { method, body })).status === 401) served.push(`${method} ${path}`)
      }
    }
    const { paths } = await read()
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    )

    expect(served.length).toBeGreaterThan(8)
    expect(described.sort()).toEqual(served.sort())
  })

  test('it is public, says where the API is, and may be kept until it changes', async () => {
    const response = await call(loader, ADDRESS)
    const etag = response.headers.get('ETag') ?? ''
    const again = await call(loader, ADDRESS, { headers: { 'If-None-Match': etag } })

    expect(response.status).toBe(200)
    expect(response.headers.get('Content-Type')).toBe('application/json')
    expect(response.headers.get('Cache-Control')).toBe('public, max-age=300')
    expect(((await response.json()) as Document).servers[0]?.url).toMatch(/^https?:\/\//)
    expect([again.status, await again.text()]).toEqual([304, ''])
    expect((await call(loader, ADDRESS, { headers: { 'If-None-Match': '"another"' } })).status).toBe(200)
    expect((await call(action, ADDRESS, { method: 'POST', body: {} })).status).toBe(405)
  })

  // The input of an action is its own: any field may be one of it.
  test.each(API_CALLS)('the examples of $id fit its schemas', (described) => {
    const place = ['paths', described.path, described.method.toLowerCase()]
    const { body, answer, example } = described
    const ofAnswer = [...place, 'responses', String(answer.status), 'content', 'application/json', 'schema']

    if (answer.name) {
      expect(problemsOf(answer.example, ...ofAnswer)).toEqual([])
      expect(answer.schema.safeParse(answer.example).error).toBeUndefined()
    }
    if (!body || body.name === 'ActionInput') return
    expect(problemsOf(example.body, ...place, 'requestBody', 'content', 'application/json', 'schema')).toEqual([])
    expect(problemsOf({ ...example.body, userId: 'x' }, 'components', 'schemas', body.name)).not.toEqual([])
  })
})

describe('the list of errors', () => {
  test('every code is either in the list or never answered by the API', () => {
    expect([...API_ERROR_CODES, ...NOT_OF_THE_API].sort()).toEqual(Object.keys(STATUS_OF_CODE).sort())
  })

  test('every code in the list is that of a call, or of any address', () => {
    const answered = new Set([...API_CALLS.flatMap(errorsOf), ...OF_ANY_ADDRESS])

    expect(API_ERROR_CODES.filter((code) => !answered.has(code))).toEqual([])
  })

  test('no call names a code twice', () => {
    for (const described of API_CALLS) {
      const codes = errorsOf(described)
      expect(codes).toEqual([...new Set(codes)])
    }
  })
})
