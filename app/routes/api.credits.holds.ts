import { entryKeyOf, holdBody, replayHeaders, spendOverApi } from '#app/actions/api-request.server.ts'
import { frequentApiRoute } from '#app/auth/api-route.server.ts'
import { placeHold } from '#app/credits/hold.server.ts'
import { freshKey } from '#app/credits/keys.ts'
import { methodNotAllowed } from '#app/http/api-error.server.ts'
import { readJson } from '#app/http/read-json.server.ts'

export const loader = () => methodNotAllowed('POST')

/** Reserves credits, once per idempotency key; capture or release the hold before it expires. */
export const action = frequentApiRoute('POST', async ({ request, ...caller }) => {
  const key = entryKeyOf(request, caller.via, 'hold') ?? freshKey('hold')
  const { ttlSeconds, ...body } = await readJson(request, holdBody)
  const ttlMs = ttlSeconds === undefined ? undefined : ttlSeconds * 1000
  const accountId = caller.user._id
  const hold = await spendOverApi(caller, body.credits, () =>
    placeHold({ accountId, key, ttlMs, spender: caller.spender, ...body }),
  )
  return Response.json(
    {
      hold: { id: hold.holdId, credits: hold.credits, expiresAt: hold.expiresAt.toISOString() },
      credits: hold.creditsLeft,
    },
    { status: 201, headers: replayHeaders(hold.replayed) },
  )
})
