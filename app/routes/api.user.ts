import { apiRoute } from '#app/auth/api-route.server.ts'
import { listBillingHistory } from '#app/billing/purchases/list-history.server.ts'
import { now } from '#app/clock.server.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import { methodNotAllowed } from '#app/http/api-error.server.ts'
import { toUserJson } from '#app/usage/user-json.ts'

export const action = () => methodNotAllowed('GET')

/** The caller, their credits and their billing history. Includes grants and expiries due now. */
export const loader = apiRoute('GET', async ({ user }) => {
  const [{ credits, held }, billingHistory] = await Promise.all([getBalance(user._id), listBillingHistory(user._id)])
  return Response.json({ user: toUserJson(user, now()), credits, held, billingHistory })
})
