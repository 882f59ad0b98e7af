import type { LoaderFunctionArgs } from '@remix-run/node'
import { requireApiUser } from '#app/auth/require-user.server.ts'
import { listBillingHistory } from '#app/billing/purchases/list-history.server.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import { apiError, methodNotAllowed } from '#app/http/api-error.server.ts'
import { now } from '#app/clock.server.ts'
import { toUserJson } from '#app/usage/user-json.ts'

export const action = () => methodNotAllowed('GET')

/** The caller, their credits and their billing history. Includes grants and expiries due now. */
export async function loader({ request }: LoaderFunctionArgs): Promise<Response> {
  try {
    const { user } = await requireApiUser(request)
    const [balance, billingHistory] = await Promise.all([getBalance(user._id), listBillingHistory(user._id)])
    return Response.json(
      { user: toUserJson(user, now()), credits: balance.credits, held: balance.held, billingHistory },
      { headers: { 'Cache-Control': 'no-store' } },
    )
  } catch (error) {
    return apiError(error)
  }
}
