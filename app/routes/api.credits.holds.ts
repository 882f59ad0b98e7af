import { entryKeyOf, holdBody, replayHeaders, spendOverApi } from '#app/actions/api-request.server.ts'
import { apiRoute } from '#app/auth/api-route.server.ts'
import { placeHold } from '#app/credits/hold.server.ts'
import { methodNotAllowed } from '#app/http/api-error.server.ts'
import { readJson } from '#app/http/read-json.server.ts'

export const loader = () => methodNotAllowed('POST')

/** Reserves credits, once per idempotency key; capture or release the hold before it expires. */
export const action = apiRoute('POST', async ({ request, user, via }) => {
  const key = entryKeyOf(request, via, 'hold')
  const { ttlSeconds, ...body } = await readJson(request, holdBody)
  const ttlMs = ttlSeconds === undefined ? undefined : ttlSeconds * 1000
  const hold = await spendOverApi(user, via, body.credits, () =>
    placeHold({ accountId: user._id, key, ttlMs, ...body }),
  )
  return Response.json(
    {
      hold: { id: hold.holdId, credits: hold.credits, expiresAt: hold.expiresAt.toISOString() },
      credits: hold.creditsLeft,
    },
    { status: 201, headers: replayHeaders(hold.replayed) },
  )
})
