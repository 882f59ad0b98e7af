import type { IncomingMessage } from 'node:http'

/** The response of a page or a control. */
export interface Reply {
  status?: number
  headers?: Record<string, string>
  body?: string | Uint8Array
}

export type PageHandler = (request: {
  method: string
  url: URL
  form: URLSearchParams
  body: string
  headers: IncomingMessage['headers']
}) => Promise<Reply | null> | Reply | null
