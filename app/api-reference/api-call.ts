import type { z } from 'zod'
import type { ApiErrorCode } from './api-errors.ts'

interface JsonAnswer {
  status: 200 | 201
  about: string
  name: string
  schema: z.ZodType
  example: unknown
  /** What it means if the same comes with the status 202. */
  pending?: string
  /** It can be a CSV file instead. */
  orCsv?: true
}

/** A file of any type. */
interface FileAnswer {
  status: 200
  about: string
  name?: undefined
}

/** One call of the API, as the OpenAPI document and the reference page describe it. */
export interface ApiCall {
  /** Names the call in generated clients, and its place on the page. */
  id: string
  group: 'Credits' | 'Holds' | 'Actions and runs' | 'Ledger and usage' | 'Account'
  method: 'GET' | 'POST' | 'DELETE'
  /** With parameters in braces. */
  path: string
  title: string
  /** What it does and what to know, in sentences. */
  about: string
  /** Whether it takes an Idempotency-Key; from a caller with an API key, `required` ones must have it. */
  idempotencyKey?: 'required' | 'optional'
  /** What each parameter of the path is. */
  pathParameters?: Record<string, string>
  /** The schema that checks the query. */
  query?: z.ZodType
  /** The schema that checks the body, under its name in the document. */
  body?: { name: string; schema: z.ZodType }
  answer: JsonAnswer | FileAnswer
  /** Errors beside those that follow from its parameters, and those of every call. */
  errors: ApiErrorCode[]
  /** A request that works, apart from the ids in its path. */
  example: { path?: Record<string, string>; query?: Record<string, string>; body?: Record<string, unknown> }
}

const EVERY_CALL: ApiErrorCode[] = [
  ...(['unauthenticated', 'api_key_expired', 'insufficient_scope', 'rate_limited'] as const),
  ...(['internal_error', 'service_unavailable'] as const),
]

/** The scope that a key needs for a call. */
export const scopeOf = ({ method }: ApiCall): 'read' | 'spend' => (method === 'GET' ? 'read' : 'spend')

/** All errors of a call. */
export function errorsOf({ query, body, idempotencyKey, errors }: ApiCall): ApiErrorCode[] {
  const ofBody: ApiErrorCode[] = ['payload_too_large', 'unsupported_media_type']
  const ofKey: ApiErrorCode[] = ['idempotency_key_required', 'invalid_idempotency_key', 'idempotency_conflict']
  return [
    ...(query || body ? (['invalid_request'] as const) : []),
    ...(body ? ofBody : []),
    ...(idempotencyKey === 'required' ? ofKey : []),
    ...errors,
    ...EVERY_CALL,
  ]
}

/** The path of a call with its parameters filled in, and its query. */
export function addressOf({ path, example }: Pick<ApiCall, 'path' | 'example'>): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => example.path?.[name] ?? name)
  return example.query ? `${filled}?${new URLSearchParams(example.query).toString()}` : filled
}
