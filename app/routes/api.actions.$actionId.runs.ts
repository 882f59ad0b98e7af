import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { checkApiAccess, idempotencyKeyOf } from '#app/actions/api-request.server.ts'
import { ActionNotFound, ActionStillRunning } from '#app/actions/errors.ts'
import { findPaidAction } from '#app/actions/paid-actions.server.ts'
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
  const runId = runIdOf(user._id, actionKey(paid.id, key))
  const headers = { Location: `/api/runs/${runId}` }
  try {
    await runForUser(user, { action: paid, input, key, spender })
  } catch (error) {
    if (!(error instanceof ActionStillRunning)) throw error
    return Response.json({ run: await runJson(user._id, runId) }, { status: 202, headers })
  }
  return Response.json({ run: await runJson(user._id, runId) }, { status: 201, headers })
})

async function runJson(accountId: Parameters<typeof findRun>[0], runId: string) {
  const run = await findRun(accountId, runId)
  if (!run) throw new ActionStillRunning()
  return toRunJson(run)
}
