import type { ActionFunctionArgs } from '@remix-run/node'
import {
  checkApiAccess,
  deductBody,
  featureOf,
  idempotencyKeyOf,
  replayHeaders,
} from '#app/actions/api-request.server.ts'
import { planOf } from '#app/billing/entitlements/current-plan.ts'
import { requireApiUser } from '#app/auth/require-user.server.ts'
import { apiKeyFor, freshKey } from '#app/credits/keys.ts'
import { spendCredits } from '#app/credits/spend.server.ts'
import { apiError, methodNotAllowed } from '#app/http/api-error.server.ts'
import { readJson } from '#app/http/read-json.server.ts'
import { withRefusalOptions } from '#app/actions/refusal-options.server.ts'

export const loader = () => methodNotAllowed('POST')

/** Spends credits, once per idempotency key. */
export async function action({ request }: ActionFunctionArgs): Promise<Response> {
  if (request.method !== 'POST') return methodNotAllowed('POST')
  try {
    const { user, via } = await requireApiUser(request)
    const idempotencyKey = idempotencyKeyOf(request, via)
    const { credits, action: name, metadata } = await readJson(request, deductBody)
    const key = idempotencyKey === null ? freshKey('spend') : apiKeyFor('spend', idempotencyKey)
    const spent = await withRefusalOptions(user, { credits, ...featureOf(via) }, async () => {
      checkApiAccess(planOf(user.subscription), via)
      return spendCredits({ accountId: user._id, key, credits, action: name, metadata })
    })
    return Response.json(
      { success: true, credits: spent.creditsLeft, entryId: spent.entryId },
      { headers: replayHeaders(spent.replayed) },
    )
  } catch (error) {
    return apiError(error)
  }
}
