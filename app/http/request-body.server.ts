import type { IncomingMessage } from 'node:http'
import { MAX_BODY_BYTES } from './read-json.server.ts'

/** Stripe's events contain whole objects. */
const MAX_WEBHOOK_BYTES = 1024 * 1024

/** The maximum body length of a path. */
export function maxBodyBytes(path: string): number {
  return path === '/api/webhook' ? MAX_WEBHOOK_BYTES : MAX_BODY_BYTES
}

/** A client that is sending cannot read a response, so up to this length the body is read before it is refused. */
const MAX_DISCARDED_BYTES = 8 * 1024 * 1024

/**
 * Reads a request's body, up to a limit.
 * @returns null if it is longer; what exceeds the limit is not kept
 */
export async function readBody(incoming: IncomingMessage, maxBytes: number): Promise<Buffer | null> {
  if (Number(incoming.headers['content-length'] ?? 0) > MAX_DISCARDED_BYTES) return null
  let chunks: Buffer[] = []
  let length = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    length += chunk.byteLength
    if (length > MAX_DISCARDED_BYTES) return null
    if (length <= maxBytes) chunks.push(chunk)
    else chunks = []
  }
  return length <= maxBytes ? Buffer.concat(chunks) : null
}
