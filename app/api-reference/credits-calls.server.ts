import { deductBody } from '../actions/api-request.server.ts'
import { balanceQuery } from '../usage/balance-query.ts'
import { balanceAnswer, deductionAnswer } from './answers.ts'
import type { ApiCall } from './api-call.ts'
import type { ApiErrorCode } from './api-errors.ts'

/** Of every call that reads or moves credits. */
export const OF_AN_ACCOUNT: ApiErrorCode[] = ['account_not_found', 'credits_unavailable', 'ledger_conflict']

/** Of every call that spends or reserves credits. */
export const REFUSALS: ApiErrorCode[] = [
  'insufficient_credits',
  'past_due',
  'spending_paused',
  'spending_cap_reached',
  'spending_frozen',
  'feature_not_in_plan',
  'invalid_metadata',
]

export const creditsCalls: ApiCall[] = [
  {
    id: 'deductCredits',
    group: 'Credits',
    method: 'POST',
    path: '/api/credits/deduct',
    title: 'Spend credits',
    about:
      'Spends credits at once, for work that is done or certain. For work that takes a while or may fail, place a hold instead.',
    idempotencyKey: 'required',
    body: { name: 'Deduction', schema: deductBody },
    answer: {
      status: 200,
      about: 'The credits are spent.',
      name: 'DeductionAnswer',
      schema: deductionAnswer,
      example: { success: true, credits: 1830, entryId: '6814a1c0f2b7d3e4a5968701:api:spend:order-1042' },
    },
    errors: [...REFUSALS, ...OF_AN_ACCOUNT],
    example: { body: { credits: 10, action: 'translate', metadata: { document: '1042' } } },
  },
  {
    id: 'getBalance',
    group: 'Credits',
    method: 'GET',
    path: '/api/credits/balance',
    title: 'Get the balance',
    about:
      'Returns the balance now, or as it was at a moment in the past: after the last entry of the ledger up to then, and 0 before the first one.',
    query: balanceQuery,
    answer: {
      status: 200,
      about: 'The balance.',
      name: 'Balance',
      schema: balanceAnswer,
      example: { credits: 1840, held: 60, at: '2026-04-01T00:00:00.000Z' },
    },
    errors: OF_AN_ACCOUNT,
    example: { query: { at: '2026-04-01T00:00:00Z' } },
  },
]
