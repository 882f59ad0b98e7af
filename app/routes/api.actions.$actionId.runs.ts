import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { checkApiAccess, idempotencyKeyOf, replayHeaders } from '#app/actions/api-request.server.ts'
import { ActionNotFound, ActionStillRunning, InvalidActionInput } from '#app/actions/errors.ts'
import { findPaidAction } from '#app/actions/paid-actions.server.ts'
import type { PaidAction } from '#app/actions/registry.ts'
import { runForUser } from '#app/actions/run-for-user.server.ts'
import { findRun, runIdOf } from '#app/actions/run-store.server.ts'
import { toRunJson } from '#app/actions/runs/run-json.ts'
import { apiRoute } from '#app/auth/api-route.server.ts'
import { planOf } from '#app/billing/entitlements/current-plan.ts'
import { actionKey } from '#app/credits/keys.ts'
import { methodNotAllowed } from '#app/http/api-error.server.ts'
import { readJson } from '#app/http/read-json.server.ts'

export const loader = () => methodNotAllowed('POST')

/** Runs a paid action, once per idempotency key. The body is the action's input; its schema checks it. */
export const action = apiRoute('POST', async ({ request, params, user, via, spender }) => {
  const paid = findPaidAction(params.actionId ?? '')
  if (!paid) throw new ActionNotFound()
  checkApiAccess(planOf(user.subscription), via)
  const key = `api:${idempotencyKeyOf(request, via) ?? randomUUID()}`
  const input = await readJson(request, z.record(z.string(), z.unknown()))
  requireKnownFields(paid, input)
  const runId = runIdOf(user._id, actionKey(paid.id, key))
  const isReplay = (await findRun(user._id, runId)) !== null
  try {
    await runForUser(user, { action: paid, input, key, spender })
  } catch (error) {
    if (!(error instanceof ActionStillRunning)) throw error
  }
  const run = await runJson(user._id, runId)
  const headers = { Location: `/api/runs/${runId}`, ...replayHeaders(isReplay) }
  return Response.json({ run }, { status: run.status === 'running' ? 202 : 201, headers })
})

/** A misspelled field must not be charged at the price of its default. */
function requireKnownFields({ fields }: PaidAction, input: Record<string, unknown>): void {
  const unknown = Object.keys(input).find((name) => !fields.some((field) => field.name === name))
  if (unknown === undefined) return
  throw new InvalidActionInput([{ field: unknown.slice(0, 64), message: 'This action has no such field.' }])
}

async function runJson(accountId: Parameters<typeof findRun>[0], runId: string) {
  const run = await findRun(accountId, runId)
  if (!run) throw new ActionStillRunning()
  return toRunJson(run)
}
