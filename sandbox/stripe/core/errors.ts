/** The body of an API error; the SDK chooses its error class by `type`. */
export interface ErrorBody {
  type: 'api_error' | 'card_error' | 'idempotency_error' | 'invalid_request_error'
  code?: string
  decline_code?: string
  param?: string
  message: string
  doc_url?: string
  charge?: string
  payment_intent?: unknown
  payment_method?: unknown
  setup_intent?: unknown
  request_log_url?: string
}

/**
 * A response other than 200. Unless `keepsChanges` is set, the unit of work that throws it is rolled back; a declined
 * card is the exception, since the failed charge is real.
 */
export class StripeApiError extends Error {
  constructor(
    readonly status: number,
    readonly body: ErrorBody,
    readonly keepsChanges = false,
  ) {
    super(body.message)
  }
}

export function invalidRequest(message: string, param?: string, code?: string, status = 400): StripeApiError {
  return new StripeApiError(status, {
    type: 'invalid_request_error',
    message,
    ...(param !== undefined && { param }),
    ...(code !== undefined && { code, doc_url: `https://stripe.com/docs/error-codes/${code.replaceAll('_', '-')}` }),
  })
}

/** The error for a missing object: 404 in a path, 400 in a parameter. */
export function noSuch(kind: string, id: string, param = kind): StripeApiError {
  return invalidRequest(
    `No such ${kind.replaceAll('_', ' ')}: '${id}'`,
    param,
    'resource_missing',
    param === 'id' ? 404 : 400,
  )
}

export function missingParameter(param: string): StripeApiError {
  return invalidRequest(`Missing required param: ${param}.`, param, 'parameter_missing')
}
