import { deductBody, entryKeyOf, replayHeaders, spendOverApi } from '#app/actions/api-request.server.ts'
import { apiRoute } from '#app/auth/api-route.server.ts'
import { spendCredits } from '#app/credits/spend.server.ts'
import { methodNotAllowed } from '#app/http/api-error.server.ts'
import { readJson } from '#app/http/read-json.server.ts'

export const loader = () => methodNotAllowed('POST')

/** Spends credits, once per idempotency key. */
export const action = apiRoute('POST', async ({ request, user, via }) => {
  const key = entryKeyOf(request, via, 'spend')
  const body = await readJson(request, deductBody)
  const spent = await spendOverApi(user, via, body.credits, () => spendCredits({ accountId: user._id, key, ...body }))
  return Response.json(
    { success: true, credits: spent.creditsLeft, entryId: spent.entryId },
    { headers: replayHeaders(spent.replayed) },
  )
})
