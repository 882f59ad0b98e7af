import type { ActionFunctionArgs } from '@remix-run/node'
import {
  checkApiAccess,
  featureOf,
  holdBody,
  idempotencyKeyOf,
  replayHeaders,
} from '#app/actions/api-request.server.ts'
import { planOf } from '#app/billing/entitlements/current-plan.ts'
import { requireApiUser } from '#app/auth/require-user.server.ts'
import { placeHold } from '#app/credits/hold.server.ts'
import { apiKeyFor, freshKey } from '#app/credits/keys.ts'
import { apiError, methodNotAllowed } from '#app/http/api-error.server.ts'
import { readJson } from '#app/http/read-json.server.ts'
import { withRefusalOptions } from '#app/actions/refusal-options.server.ts'

export const loader = () => methodNotAllowed('POST')

/** Reserves credits, once per idempotency key; capture or release the hold before its time is up. */
export async function action({ request }: ActionFunctionArgs): Promise<Response> {
  if (request.method !== 'POST') return methodNotAllowed('POST')
  try {
    const { user, via } = await requireApiUser(request)
    const idempotencyKey = idempotencyKeyOf(request, via)
    const { credits, action: name, ttlSeconds, metadata } = await readJson(request, holdBody)
    const key = idempotencyKey === null ? freshKey('hold') : apiKeyFor('hold', idempotencyKey)
    const ttlMs = ttlSeconds === undefined ? undefined : ttlSeconds * 1000
    const hold = await withRefusalOptions(user, { credits, ...featureOf(via) }, async () => {
      checkApiAccess(planOf(user.subscription), via)
      return placeHold({ accountId: user._id, key, credits, action: name, ttlMs, metadata })
    })
    return Response.json(
      {
        hold: { id: hold.holdId, credits: hold.credits, expiresAt: hold.expiresAt.toISOString() },
        credits: hold.creditsLeft,
      },
      { status: 201, headers: replayHeaders(hold.replayed) },
    )
  } catch (error) {
    return apiError(error)
  }
}
