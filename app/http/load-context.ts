import '@remix-run/node'

/** What the HTTP server tells each loader and action beside the request itself. */
export interface LoadContext {
  /** For inline scripts: see useNonce. */
  nonce: string
  /** Stands in the log and in the `X-Request-Id` header; an error page shows it. */
  requestId: string
}

declare module '@remix-run/node' {
  interface AppLoadContext extends Partial<LoadContext> {
    nonce?: string
  }
}
