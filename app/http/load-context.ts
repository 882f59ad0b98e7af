import '@remix-run/node'

/** What the HTTP server passes to each loader and action with the request. */
export interface LoadContext {
  /** For inline scripts: see useNonce. */
  nonce: string
  /** In the log and in the `X-Request-Id` header; error pages show it. */
  requestId: string
}

declare module '@remix-run/node' {
  interface AppLoadContext extends Partial<LoadContext> {
    nonce?: string
  }
}
