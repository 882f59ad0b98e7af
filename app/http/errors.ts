import { DomainError } from '../domain-error.ts'

/** What was sent does not fit what is asked for; `field` names the first thing that does not. */
export class InvalidRequest extends DomainError {
  readonly code = 'invalid_request'

  constructor(message: string, details: { field?: string } = {}) {
    super(message, details)
  }
}

/** The body is not declared as what the route reads. */
export class UnsupportedMediaType extends DomainError {
  readonly code = 'unsupported_media_type'
}

/** The body is longer than the route takes. */
export class PayloadTooLarge extends DomainError {
  readonly code = 'payload_too_large'

  constructor(readonly maxBytes: number) {
    super(`The body is larger than ${maxBytes} bytes.`, { maxBytes })
  }
}

/** Too many tries; the caller may come back in `retryAfterSeconds`. */
export class RateLimited extends DomainError {
  readonly code = 'rate_limited'

  constructor(readonly retryAfterSeconds: number) {
    super(`Too many attempts. Try again in ${inWords(retryAfterSeconds)}.`, { retryAfterSeconds })
  }
}

/** The headers of a page's answer to an error: when to come back, where it says so. */
export const refusalHeaders = (error: DomainError): Record<string, string> =>
  error instanceof RateLimited ? { 'Retry-After': String(error.retryAfterSeconds) } : {}

function inWords(seconds: number): string {
  const [amount, unit] = seconds < 60 ? [seconds, 'second'] : [Math.ceil(seconds / 60), 'minute']
  return `${amount} ${unit}${amount === 1 ? '' : 's'}`
}
