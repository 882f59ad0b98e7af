import type { z } from 'zod'
import { InvalidRequest, PayloadTooLarge, UnsupportedMediaType } from './errors.ts'
import { describeIssue } from './invalid-fields.ts'

/** The HTTP server has the same limit; this one holds if a route is called without it. */
export const MAX_BODY_BYTES = 64 * 1024

/**
 * Parses a JSON body by a schema. Use a strict one, so that an unknown field is an error.
 * @throws UnsupportedMediaType, PayloadTooLarge, InvalidRequest
 */
export async function readJson<Schema extends z.ZodType>(request: Request, schema: Schema): Promise<z.output<Schema>> {
  const type = request.headers.get('Content-Type') ?? ''
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    throw new UnsupportedMediaType('Send the body as JSON, with "Content-Type: application/json".')
  }
  const text = await request.text()
  if (Buffer.byteLength(text) > MAX_BODY_BYTES) throw new PayloadTooLarge(MAX_BODY_BYTES)

  const result = schema.safeParse(parse(text))
  if (!result.success) throw new InvalidRequest(...describeIssue(result.error.issues))
  return result.data
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new InvalidRequest('The body is not JSON.')
  }
}
