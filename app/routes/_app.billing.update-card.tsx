import { type LoaderFunctionArgs, redirect } from '@remix-run/node'
import { takePageTry } from '#app/auth/rate-limit.server.ts'
import { requireUser } from '#app/auth/require-user.server.ts'
import { createPortalSession } from '#app/billing/customers/billing-portal.server.ts'
import { refuseVisit } from '#app/http/form-failure.server.ts'

/** The mail about a failed payment leads here: straight to the card, after a log-in where there is none. */
export async function loader({ request }: LoaderFunctionArgs) {
  const user = await requireUser(request)
  await takePageTry('payment', user._id.toHexString())
  const { url } = await createPortalSession(user, { updateCard: true }).catch(refuseVisit)
  // The address at Stripe is for this visit alone.
  return redirect(url, { headers: { 'Cache-Control': 'no-store' } })
}

/** Never rendered. A route with a component shows its errors on a page, which offers to try again. */
export default function UpdateCard() {
  return null
}
