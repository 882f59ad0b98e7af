import { captureBody, parseHoldId, replayHeaders } from '#app/actions/api-request.server.ts'
import { frequentApiRoute } from '#app/auth/api-route.server.ts'
import { captureHold } from '#app/credits/hold.server.ts'
import { methodNotAllowed } from '#app/http/api-error.server.ts'
import { readJson } from '#app/http/read-json.server.ts'

export const loader = () => methodNotAllowed('POST')

/** Keeps what was used of a hold and releases the rest. Safe to repeat with the same number. */
export const action = frequentApiRoute('POST', async ({ request, params, user }) => {
  const holdId = parseHoldId(params.holdId)
  const { credits } = await readJson(request, captureBody)
  const { captured, released, creditsLeft, entryId, replayed } = await captureHold({
    accountId: user._id,
    holdId,
    credits,
  })
  return Response.json(
    { success: true, captured, released, credits: creditsLeft, entryId },
    { headers: replayHeaders(replayed) },
  )
})
