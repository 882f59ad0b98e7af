import { DomainError } from '../domain-error.ts'

/** The request does not match its schema; `field` names the first problem. */
export class InvalidRequest extends DomainError {
  readonly code = 'invalid_request'

  constructor(message: string, details: { field?: string } = {}) {
    super(message, details)
  }
}

/** The route does not read this content type. */
export class UnsupportedMediaType extends DomainError {
  readonly code = 'unsupported_media_type'
}

/** The body is longer than the route accepts. */
export class PayloadTooLarge extends DomainError {
  readonly code = 'payload_too_large'

  constructor(readonly maxBytes: number) {
    super(`The body is larger than ${maxBytes} bytes.`, { maxBytes })
  }
}

/** Too many attempts; retry after `retryAfterSeconds`. */
export class RateLimited extends DomainError {
  readonly code = 'rate_limited'

  constructor(readonly retryAfterSeconds: number) {
    super(`Too many attempts. Try again in ${inWords(retryAfterSeconds)}.`, { retryAfterSeconds })
  }
}

function inWords(seconds: number): string {
  const [amount, unit] = seconds < 60 ? [seconds, 'second'] : [Math.ceil(seconds / 60), 'minute']
  return `${amount} ${unit}${amount === 1 ? '' : 's'}`
}
