import { parseHoldId, replayHeaders } from '#app/actions/api-request.server.ts'
import { frequentApiRoute } from '#app/auth/api-route.server.ts'
import { releaseHold } from '#app/credits/hold.server.ts'
import { methodNotAllowed } from '#app/http/api-error.server.ts'

export const loader = () => methodNotAllowed('DELETE')

/** Releases a hold: its credits can be spent again. Safe to repeat. */
export const action = frequentApiRoute('DELETE', async ({ params, user }) => {
  const holdId = parseHoldId(params.holdId)
  const { released, creditsLeft, entryId, replayed } = await releaseHold({ accountId: user._id, holdId })
  return Response.json({ success: true, released, credits: creditsLeft, entryId }, { headers: replayHeaders(replayed) })
})
