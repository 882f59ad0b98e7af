/**
 * The HTTP status of every error code. 402 is a refused spend: the code says why, and its options say what helps. 503 always
 * means that the same request with the same key is safe to repeat.
 */
export const STATUS_OF_CODE = {
  // The request itself
  invalid_request: 400,
  invalid_credits: 400,
  invalid_metadata: 400,
  invalid_signature: 400,
  idempotency_key_required: 400,
  invalid_idempotency_key: 400,
  unauthenticated: 401,
  api_key_expired: 401,
  invalid_login: 401,
  forbidden: 403,
  insufficient_scope: 403,
  cross_site_request: 403,
  not_found: 404,
  method_not_allowed: 405,
  gone: 410,
  payload_too_large: 413,
  unsupported_media_type: 415,
  rate_limited: 429,

  // Credits
  insufficient_credits: 402,
  past_due: 402,
  spending_paused: 402,
  spending_cap_reached: 402,
  spending_frozen: 402,
  limit_reached: 402,
  feature_not_in_plan: 402,
  plan_too_small: 402,
  plan_paused: 402,
  idempotency_conflict: 409,
  hold_not_found: 404,
  hold_already_resolved: 409,
  too_many_holds: 409,
  too_many_grants: 409,
  account_not_found: 404,
  ledger_conflict: 500,
  credits_unavailable: 503,

  // Accounts
  email_not_confirmed: 403,
  email_taken: 409,
  weak_password: 400,
  invalid_token: 400,
  api_key_not_found: 404,
  api_key_not_rotatable: 409,
  too_many_api_keys: 409,

  // Actions
  action_not_found: 404,
  run_not_found: 404,
  invalid_action_input: 400,
  action_still_running: 409,
  action_failed: 502,

  // Billing
  plan_not_found: 404,
  pack_not_found: 404,
  pack_not_spendable: 409,
  already_subscribed: 409,
  no_subscription: 409,
  payment_owed: 409,
  end_set_by_shop: 409,
  changes_set_by_shop: 409,
  intervals_differ: 409,
  card_declined: 402,
  stripe_unavailable: 503,
  offer_unavailable: 503,

  // Support
  question_not_sent: 503,

  // The service
  internal_error: 500,
  service_unavailable: 503,
} satisfies Record<string, number>

/** A code of ours. */
export type ErrorCode = keyof typeof STATUS_OF_CODE

/** The status of a code; a test fails for a code of ours that the table lacks. */
export const statusOf = (code: string): number => (STATUS_OF_CODE as Record<string, number>)[code] ?? 400
