import type { ErrorCode } from '../http/error-status.ts'

interface Meaning {
  /** What has happened. */
  means: string
  /** What the caller can do. */
  todo: string
}

/**
 * Every error code that the API answers with. The list is closed: a program may treat it as complete. The status of each
 * code is in http/error-status.ts.
 */
export const API_ERRORS = {
  invalid_request: {
    means: 'The body or the query does not match its schema. field names the first problem.',
    todo: 'Correct the request. Nothing was changed.',
  },
  invalid_credits: {
    means: 'The number of credits is not possible here, such as a capture of more than the hold has.',
    todo: 'Send a number within the limits that the message names.',
  },
  invalid_metadata: {
    means: 'The metadata is larger than 2 KB in all.',
    todo: 'Send less: keep the details yourself and send an id.',
  },
  idempotency_key_required: {
    means: 'A call that moves credits came without an Idempotency-Key header.',
    todo: 'Send a key of your own for each operation, and the same key with each retry.',
  },
  invalid_idempotency_key: {
    means: 'The Idempotency-Key is empty, longer than 255 characters, or has spaces or characters beyond ASCII.',
    todo: 'Send 1 to 255 visible ASCII characters, such as a UUID.',
  },
  unauthenticated: {
    means: 'There is no API key, or it is unknown or revoked.',
    todo: 'Send a key from Settings, under API keys, as “Authorization: Bearer …”.',
  },
  api_key_expired: {
    means: 'The API key has passed its end.',
    todo: 'Create or rotate a key in Settings, under API keys.',
  },
  insufficient_scope: {
    means: 'The API key may not do this: reading needs the scope read, everything else the scope spend.',
    todo: 'Use a key that has the scope.',
  },
  cross_site_request: {
    means: 'A browser sent this from a page of another site, with the cookies of a log-in.',
    todo: 'Call the API from a server, with an API key.',
  },
  email_not_confirmed: {
    means: 'The account’s email address is not confirmed yet.',
    todo: 'Open the link in the confirmation email; Settings can send it again.',
  },
  not_found: {
    means: 'There is nothing at this address.',
    todo: 'Compare the path with this reference.',
  },
  method_not_allowed: {
    means: 'The address exists, and this method does not. The Allow header has those that do.',
    todo: 'Use a method from the Allow header.',
  },
  payload_too_large: {
    means: 'The body is larger than 64 KB.',
    todo: 'Send less.',
  },
  unsupported_media_type: {
    means: 'The body is not declared as JSON.',
    todo: 'Send “Content-Type: application/json”.',
  },
  rate_limited: {
    means: 'Too many calls in a short time.',
    todo: 'Wait for the seconds in the Retry-After header, then repeat the call with the same key.',
  },
  insufficient_credits: {
    means: 'The account has fewer credits than this needs: required and available have the figures.',
    todo: 'Buy credits: options lists what is enough and what it costs. Then repeat the call with the same key.',
  },
  past_due: {
    means: 'Spending is paused because a payment failed.',
    todo: 'Update the card at the url in options, then repeat the call with the same key.',
  },
  spending_paused: {
    means: 'The owner of the account has paused all spending.',
    todo: 'Resume it in Settings, under Spending, then repeat the call with the same key.',
  },
  spending_cap_reached: {
    means: 'The spend would pass the owner’s cap of the day or the month: cap, max, used and resetsAt say which.',
    todo: 'Wait until resetsAt, or raise the cap in Settings, under Spending. Then repeat the call with the same key.',
  },
  spending_frozen: {
    means: 'Spending is paused for another reason, such as an open dispute: reason names it.',
    todo: 'Wait until it is resolved, or contact support. Credits are safe.',
  },
  limit_reached: {
    means: 'The plan’s number of uses for this month is used up: limit, max and resetsAt say which.',
    todo: 'Wait until resetsAt, or change to one of the plans in options. Then repeat the call with the same key.',
  },
  plan_paused: {
    means: 'The account’s plan is paused.',
    todo: 'Resume it at the url in options, then repeat the call with the same key.',
  },
  feature_not_in_plan: {
    means: 'The account’s plan does not include the API, or this action.',
    todo: 'Change to one of the plans in options, then repeat the call with the same key.',
  },
  action_not_found: {
    means: 'There is no action with this id.',
    todo: 'Use the id from the address of the action’s page.',
  },
  invalid_action_input: {
    means: 'The action cannot work with this input. field names the first problem.',
    todo: 'Correct the input. Nothing was charged.',
  },
  action_still_running: {
    means: 'The run of this key has begun and cannot be shown yet.',
    todo: 'Repeat the call with the same key: it runs and charges once.',
  },
  action_failed: {
    means: 'The action did not work. Nothing was charged.',
    todo: 'Try again with a new key.',
  },
  run_not_found: {
    means: 'This account has no such run, or it has no such file.',
    todo: 'Use an id and a file from the answer that started or listed the run.',
  },
  idempotency_conflict: {
    means: 'The Idempotency-Key was used for another request: another amount, action or operation.',
    todo: 'Send a new key with a new request.',
  },
  hold_not_found: {
    means: 'This account has no such hold.',
    todo: 'Use the id from the answer that placed the hold.',
  },
  hold_already_resolved: {
    means: 'The hold was captured with another number, or released: outcome and captured say how it ended.',
    todo: 'Nothing, if the outcome is right. Otherwise spend or hold again under a new key.',
  },
  too_many_holds: {
    means: 'The account has 100 open holds.',
    todo: 'Capture or release some, then repeat the call with the same key.',
  },
  account_not_found: {
    means: 'The account has no credits yet: it is being set up.',
    todo: 'Repeat the call in a minute with the same key; contact support if that does not help.',
  },
  ledger_conflict: {
    means: 'The ledger contradicts itself. Spending is paused until someone has checked it.',
    todo: 'Contact support. Credits are safe.',
  },
  credits_unavailable: {
    means: 'The account is busy, or the outcome is unknown.',
    todo: 'Repeat the call with the same key: nothing is charged twice.',
  },
  plan_not_found: {
    means: 'There is no such plan, or it is not sold at this interval.',
    todo: 'Use a name from the pricing page.',
  },
  pack_not_found: {
    means: 'There is no such pack.',
    todo: 'Use a pack from the pricing page or from options.',
  },
  pack_not_spendable: {
    means: 'Credits of a pack could not be spent now, because spending is frozen.',
    todo: 'Wait until spending resumes.',
  },
  already_subscribed: {
    means: 'The account has a plan already.',
    todo: 'Change the plan on the Billing page.',
  },
  offer_unavailable: {
    means: 'This plan or pack cannot be sold right now.',
    todo: 'Try again later.',
  },
  stripe_unavailable: {
    means: 'The payment provider did not answer in time.',
    todo: 'Repeat the call with the same key.',
  },
  internal_error: {
    means: 'Something went wrong on our side.',
    todo: 'Repeat the call with the same key; contact support with the X-Request-Id of the answer if it stays.',
  },
  service_unavailable: {
    means: 'The service is busy or starting.',
    todo: 'Repeat the call with the same key after the seconds in the Retry-After header.',
  },
} satisfies Partial<Record<ErrorCode, Meaning>>

export type ApiErrorCode = keyof typeof API_ERRORS

/** The codes, in the order of the list. */
export const API_ERROR_CODES = Object.keys(API_ERRORS) as ApiErrorCode[]
