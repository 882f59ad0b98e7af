import type { ActionFunctionArgs } from '@remix-run/node'
import { captureBody, parseHoldId, replayHeaders } from '#app/actions/api-request.server.ts'
import { requireApiUser } from '#app/auth/require-user.server.ts'
import { captureHold } from '#app/credits/hold.server.ts'
import { apiError, methodNotAllowed } from '#app/http/api-error.server.ts'
import { readJson } from '#app/http/read-json.server.ts'

export const loader = () => methodNotAllowed('POST')

/** Keeps what was used of a hold and gives the rest back. Safe to repeat with the same number. */
export async function action({ request, params }: ActionFunctionArgs): Promise<Response> {
  if (request.method !== 'POST') return methodNotAllowed('POST')
  try {
    const { user } = await requireApiUser(request)
    const holdId = parseHoldId(params.holdId)
    const { credits } = await readJson(request, captureBody)
    const outcome = await captureHold({ accountId: user._id, holdId, credits })
    return Response.json(
      {
        success: true,
        captured: outcome.captured,
        released: outcome.released,
        credits: outcome.creditsLeft,
        entryId: outcome.entryId,
      },
      { headers: replayHeaders(outcome.replayed) },
    )
  } catch (error) {
    return apiError(error)
  }
}
