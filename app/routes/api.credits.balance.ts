import { apiRoute } from '#app/auth/api-route.server.ts'
import { now } from '#app/clock.server.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import { getBalanceAt } from '#app/credits/balance-at.server.ts'
import { methodNotAllowed } from '#app/http/api-error.server.ts'
import { InvalidRequest } from '#app/http/errors.ts'
import { balanceQuery } from '#app/usage/balance-query.ts'

export const action = () => methodNotAllowed('GET')

/** The balance now, or as it was at a moment. */
export const loader = apiRoute('GET', async ({ request, user }) => {
  const { at } = balanceQuery.parse(Object.fromEntries(new URL(request.url).searchParams))
  const time = now()
  if (at && at > time) throw new InvalidRequest('at: must not be in the future', { field: 'at' })
  const { credits, held } = at ? await getBalanceAt(user._id, at) : await getBalance(user._id)
  return Response.json({ credits, held, at: (at ?? time).toISOString() })
})
