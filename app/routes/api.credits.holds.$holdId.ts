import type { ActionFunctionArgs } from '@remix-run/node'
import { parseHoldId, replayHeaders } from '#app/actions/api-request.server.ts'
import { requireApiUser } from '#app/auth/require-user.server.ts'
import { releaseHold } from '#app/credits/hold.server.ts'
import { apiError, methodNotAllowed } from '#app/http/api-error.server.ts'

export const loader = () => methodNotAllowed('DELETE')

/** Lets a hold go: its credits can be spent again. Safe to repeat. */
export async function action({ request, params }: ActionFunctionArgs): Promise<Response> {
  if (request.method !== 'DELETE') return methodNotAllowed('DELETE')
  try {
    const { user } = await requireApiUser(request)
    const holdId = parseHoldId(params.holdId)
    const { released, creditsLeft, entryId, replayed } = await releaseHold({ accountId: user._id, holdId })
    return Response.json(
      { success: true, released, credits: creditsLeft, entryId },
      { headers: replayHeaders(replayed) },
    )
  } catch (error) {
    return apiError(error)
  }
}
