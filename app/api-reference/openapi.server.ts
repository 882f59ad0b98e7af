import { brand } from '../brand.mjs'
import { STATUS_OF_CODE } from '../http/error-status.ts'
import { type ApiCall, errorsOf, scopeOf } from './api-call.ts'
import { API_ERRORS, type ApiErrorCode } from './api-errors.ts'
import { API_CALLS } from './calls.server.ts'
import { errorAnswer, option } from './error-answer.ts'
import { entry } from './answers.ts'
import { toComponents, toJsonSchema } from './json-schema.ts'

/** Raise it with every change that a program could notice. */
export const API_VERSION = '1.0.0'

const IDEMPOTENCY_KEY = {
  type: 'string',
  minLength: 1,
  maxLength: 255,
  pattern: '^[\\x21-\\x7e]+$',
}

/**
 * Describes the API as OpenAPI 3.1, from the schemas that check its requests.
 * @param appUrl where it is served
 */
export function openApiDocument(appUrl: string) {
  const paths: Record<string, Record<string, object>> = {}
  for (const call of API_CALLS) (paths[call.path] ??= {})[call.method.toLowerCase()] = operationOf(call)
  return {
    openapi: '3.1.0',
    info: {
      title: `${brand.name} API`,
      version: API_VERSION,
      description: `How to spend credits from a program. The same in readable form is at ${appUrl}/docs/api.`,
    },
    servers: [{ url: appUrl }],
    security: [{ apiKey: [] }],
    tags: [...new Set(API_CALLS.map(({ group }) => group))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        apiKey: { type: 'http', scheme: 'bearer', description: 'An API key from Settings: sk_scrip_…' },
      },
      schemas: { ...toComponents(bodies(), 'input'), ...toComponents(answers(), 'output') },
    },
  }
}

const bodies = () => Object.fromEntries(API_CALLS.flatMap(({ body }) => (body ? [[body.name, body.schema]] : [])))

const answers = () => ({
  ...Object.fromEntries(API_CALLS.flatMap(({ answer }) => (answer.name ? [[answer.name, answer.schema]] : []))),
  ...{ Entry: entry, Error: errorAnswer, Option: option },
})

function operationOf(call: ApiCall): object {
  const { id, title, about, group, body, example } = call
  const parameters = [...pathParametersOf(call), ...queryParametersOf(call), ...headersOf(call)]
  return {
    operationId: id,
    summary: title,
    description: `${about}\n\nNeeds the scope ${scopeOf(call)}.`,
    tags: [group],
    ...(parameters.length > 0 && { parameters }),
    ...(body && {
      requestBody: {
        required: true,
        content: { 'application/json': { schema: refTo(body.name), example: example.body } },
      },
    }),
    responses: { ...successResponses(call), ...errorResponses(errorsOf(call)) },
  }
}

function successResponses({ answer, idempotencyKey }: ApiCall): Record<string, object> {
  const { status, about: description } = answer
  const headers = { ...RATE_LIMIT, ...(idempotencyKey && { 'Idempotent-Replayed': REPLAYED }) }
  if (!answer.name) return { [status]: { description, headers, content: { '*/*': {} } } }
  const content = {
    'application/json': { schema: refTo(answer.name), example: answer.example },
    ...(answer.orCsv && { 'text/csv': { schema: { type: 'string' } } }),
  }
  return {
    [status]: { description, headers, content },
    ...(answer.pending && { 202: { description: answer.pending, headers, content } }),
  }
}

const refTo = (name: string) => ({ $ref: `#/components/schemas/${name}` })

const REPLAYED = {
  description: 'true if the call was made before under this key: this is what it answered then.',
  schema: { const: 'true' },
}

const RATE_LIMIT = {
  'RateLimit-Policy': { description: 'How many calls a minute are allowed.', schema: { type: 'string' } },
  RateLimit: { description: 'How many are left, and for how many seconds.', schema: { type: 'string' } },
}

const RETRY_AFTER = { description: 'Seconds to wait.', schema: { type: 'string', pattern: '^\\d+$' } }

const pathParametersOf = ({ pathParameters = {} }: ApiCall) =>
  Object.entries(pathParameters).map(([name, description]) => ({
    ...{ name, in: 'path', required: true, description },
    schema: { type: 'string' },
  }))

function queryParametersOf({ query, example }: ApiCall) {
  const { properties = {}, required = [] } = query ? toJsonSchema(query, 'input') : {}
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    ...{ name, in: 'query', required: required.includes(name), description, schema },
    ...(example.query?.[name] !== undefined && { example: valueOf(schema.type, example.query[name]) }),
  }))
}

const valueOf = (type: unknown, text: string): string | number => (type === 'integer' ? Number(text) : text)

function headersOf({ idempotencyKey }: ApiCall) {
  if (!idempotencyKey) return []
  const description = 'A text of your own for this operation, the same with each retry.'
  return [
    {
      ...{ name: 'Idempotency-Key', in: 'header', required: idempotencyKey === 'required', description },
      schema: IDEMPOTENCY_KEY,
      example: 'order-1042',
    },
  ]
}

/** The answers of a call that fails, by status: which codes each can have. */
function errorResponses(codes: ApiErrorCode[]): Record<string, object> {
  const statuses = [...new Set(codes.map((code) => STATUS_OF_CODE[code]))].sort((one, other) => one - other)
  return Object.fromEntries(
    statuses.map((status) => {
      const ofStatus = codes.filter((code) => STATUS_OF_CODE[code] === status)
      const schema = {
        ...refTo('Error'),
        properties: { error: { properties: { code: { enum: ofStatus } } } },
      }
      return [
        status,
        {
          description: ofStatus.map((code) => `${code}: ${API_ERRORS[code].means}`).join('\n\n'),
          ...([429, 503].includes(status) && { headers: { 'Retry-After': RETRY_AFTER } }),
          content: { 'application/json': { schema } },
        },
      ]
    }),
  )
}
