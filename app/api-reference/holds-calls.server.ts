import { captureBody, holdBody } from '../actions/api-request.server.ts'
import { captureAnswer, holdAnswer, releaseAnswer } from './answers.ts'
import type { ApiCall } from './api-call.ts'
import { OF_AN_ACCOUNT, REFUSALS } from './credits-calls.server.ts'

const HOLD_ID = 'hold_Zk3vQ0x1T8mWc5nLr7bYdA'
const ENTRY_ID = '6814a1c0f2b7d3e4a5968701:resolve:hold_Zk3vQ0x1T8mWc5nLr7bYdA'
const ofTheHold = { holdId: 'The id from the answer that placed the hold.' }

export const holdsCalls: ApiCall[] = [
  {
    id: 'placeHold',
    group: 'Holds',
    method: 'POST',
    path: '/api/credits/holds',
    title: 'Place a hold',
    about:
      'Sets credits aside before work begins, so that they are there when it ends. Capture what was used, or release the hold; one that is left alone expires and is released.',
    idempotencyKey: 'required',
    body: { name: 'HoldRequest', schema: holdBody },
    answer: {
      status: 201,
      about: 'The credits are set aside.',
      name: 'HoldAnswer',
      schema: holdAnswer,
      example: { hold: { id: HOLD_ID, credits: 30, expiresAt: '2026-05-01T12:15:00.000Z' }, credits: 1810 },
    },
    errors: [...REFUSALS, 'too_many_holds', ...OF_AN_ACCOUNT],
    example: { body: { credits: 30, action: 'render', ttlSeconds: 900 } },
  },
  {
    id: 'captureHold',
    group: 'Holds',
    method: 'POST',
    path: '/api/credits/holds/{holdId}/capture',
    title: 'Capture a hold',
    about:
      'Spends what was used of a hold and releases the rest. It needs no Idempotency-Key: repeated with the same number, it changes nothing more.',
    pathParameters: ofTheHold,
    body: { name: 'Capture', schema: captureBody },
    answer: {
      status: 200,
      about: 'The hold has ended.',
      name: 'CaptureAnswer',
      schema: captureAnswer,
      example: { success: true, captured: 22, released: 8, credits: 1818, entryId: ENTRY_ID },
    },
    errors: ['invalid_credits', 'hold_not_found', 'hold_already_resolved', ...OF_AN_ACCOUNT],
    example: { path: { holdId: HOLD_ID }, body: { credits: 22 } },
  },
  {
    id: 'releaseHold',
    group: 'Holds',
    method: 'DELETE',
    path: '/api/credits/holds/{holdId}',
    title: 'Release a hold',
    about: 'Releases all credits of a hold. Repeated, it changes nothing more.',
    pathParameters: ofTheHold,
    answer: {
      status: 200,
      about: 'The hold has ended.',
      name: 'ReleaseAnswer',
      schema: releaseAnswer,
      example: { success: true, released: 30, credits: 1840, entryId: ENTRY_ID },
    },
    errors: ['hold_not_found', 'hold_already_resolved', ...OF_AN_ACCOUNT],
    example: { path: { holdId: HOLD_ID } },
  },
]
