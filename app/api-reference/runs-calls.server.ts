import { z } from 'zod'
import { runsQuery } from '../actions/runs/run-json.ts'
import type { ApiCall } from './api-call.ts'
import type { ApiErrorCode } from './api-errors.ts'
import { OF_AN_ACCOUNT, REFUSALS } from './credits-calls.server.ts'
import { runAnswer, runsAnswer } from './run-answers.ts'

const RUN_ID = '0f9c3d5a7b1e4f62a8d0c4b6e2f19375'
const EXAMPLE_RUN = {
  id: RUN_ID,
  action: 'qr-code',
  status: 'done',
  quoted: 1,
  held: 1,
  charged: 1,
  returned: 0,
  receipt: 'Quoted 1, held 1, charged 1.',
  failure: null,
  facts: {},
  note: null,
  files: [
    {
      name: 'qr-code.png',
      label: 'PNG',
      contentType: 'image/png',
      url: `/api/runs/${RUN_ID}/files/qr-code.png`,
    },
  ],
  createdAt: '2026-04-30T16:20:05.000Z',
  finishedAt: '2026-04-30T16:20:06.000Z',
}
const { files: _files, ...LISTED_RUN } = EXAMPLE_RUN
const runId = 'The id from the answer that started or listed the run.'
const refusals: ApiErrorCode[] = REFUSALS.filter((code) => code !== 'invalid_metadata')

export const runsCalls: ApiCall[] = [
  {
    id: 'startRun',
    group: 'Actions and runs',
    method: 'POST',
    path: '/api/actions/{actionId}/runs',
    title: 'Run an action',
    about:
      'Runs an action, charges what it used and returns the result. The body is the input of the action: the fields of the form on its page. A run that fails is not charged.',
    idempotencyKey: 'required',
    pathParameters: { actionId: 'The action, as in the address of its page.' },
    body: { name: 'ActionInput', schema: z.record(z.string(), z.unknown()) },
    answer: {
      status: 201,
      about: 'The run has ended.',
      name: 'RunAnswer',
      schema: runAnswer,
      example: { run: EXAMPLE_RUN },
      pending: 'The run has not ended. Retrieve it at the address in the Location header.',
    },
    errors: [
      ...(['action_not_found', 'invalid_action_input', 'action_failed', 'action_still_running'] as const),
      ...refusals,
      ...(['limit_reached', 'plan_paused', 'too_many_holds'] as const),
      ...OF_AN_ACCOUNT,
    ],
    example: { path: { actionId: 'qr-code' }, body: { text: 'https://example.com' } },
  },
  {
    id: 'listRuns',
    group: 'Actions and runs',
    method: 'GET',
    path: '/api/runs',
    title: 'List runs',
    about: 'Returns the runs of the account, the newest first, in pages. The files of a run are in the run itself.',
    query: runsQuery,
    answer: {
      status: 200,
      about: 'A page of runs.',
      name: 'Runs',
      schema: runsAnswer,
      example: { runs: [LISTED_RUN], nextBefore: `1777566005000.${RUN_ID}` },
    },
    errors: [],
    example: { query: { action: 'qr-code', limit: '1' } },
  },
  {
    id: 'getRun',
    group: 'Actions and runs',
    method: 'GET',
    path: '/api/runs/{runId}',
    title: 'Get a run',
    about: 'Returns one run: its state, what it cost, and its result once it is done.',
    pathParameters: { runId },
    answer: {
      status: 200,
      about: 'The run.',
      name: 'RunAnswer',
      schema: runAnswer,
      example: { run: EXAMPLE_RUN },
    },
    errors: ['run_not_found', ...OF_AN_ACCOUNT],
    example: { path: { runId: RUN_ID } },
  },
  {
    id: 'getRunFile',
    group: 'Actions and runs',
    method: 'GET',
    path: '/api/runs/{runId}/files/{name}',
    title: 'Download a file of a run',
    about: 'Returns a file that a run made, as it is.',
    pathParameters: { runId, name: 'The name of the file, as the run lists it.' },
    answer: { status: 200, about: 'The file.' },
    errors: ['run_not_found'],
    example: { path: { runId: RUN_ID, name: 'qr-code.png' } },
  },
]
