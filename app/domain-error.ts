/**
 * A fact that stops an operation and that the caller can act on. Each subclass is one fact; its `code` is what the API
 * prints, its `details` are the numbers. The HTTP status is attached once, in http/api-error.server.ts.
 */
export abstract class DomainError extends Error {
  abstract readonly code: string
  readonly details: Record<string, unknown>

  constructor(message: string, details: Record<string, unknown> = {}) {
    super(message)
    this.name = new.target.name
    this.details = details
  }
}
