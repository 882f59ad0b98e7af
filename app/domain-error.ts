/**
 * A fact that stops an operation and that the caller can act on. Each subclass is one fact; the API shows its `code`, and the
 * figures in its `details`. http/error-status.ts has the HTTP status of each code.
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
