import { deductBody, entryKeyOf, replayHeaders, spendOverApi } from '#app/actions/api-request.server.ts'
import { frequentApiRoute } from '#app/auth/api-route.server.ts'
import { spendCredits } from '#app/credits/spend.server.ts'
import { methodNotAllowed } from '#app/http/api-error.server.ts'
import { readJson } from '#app/http/read-json.server.ts'

export const loader = () => methodNotAllowed('POST')

/** Spends credits, once per idempotency key. */
export const action = frequentApiRoute('POST', async ({ request, ...caller }) => {
  const key = entryKeyOf(request, caller.via, 'spend')
  const body = await readJson(request, deductBody)
  const accountId = caller.user._id
  const spent = await spendOverApi(caller, body.credits, () =>
    spendCredits({ accountId, key, spender: caller.spender, ...body }),
  )
  return Response.json(
    { success: true, credits: spent.creditsLeft, entryId: spent.entryId },
    { headers: replayHeaders(spent.replayed) },
  )
})
