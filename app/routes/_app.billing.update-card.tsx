import { data, type LoaderFunctionArgs, redirect } from '@remix-run/node'
import { takePageTry } from '#app/auth/rate-limit.server.ts'
import { requireUser } from '#app/auth/require-user.server.ts'
import { createPortalSession } from '#app/billing/customers/billing-portal.server.ts'
import { DomainError } from '#app/domain-error.ts'
import { STATUS_OF_CODE } from '#app/http/error-status.ts'

/** Where the mail about a failed payment leads: straight to the card, after a log-in where there is none. */
export async function loader({ request }: LoaderFunctionArgs) {
  const user = await requireUser(request)
  await takePageTry('payment', user._id.toHexString())
  const { url } = await createPortalSession(user, { updateCard: true }).catch((error: unknown) => {
    if (!(error instanceof DomainError)) throw error
    throw data(null, { status: STATUS_OF_CODE[error.code] ?? 503 })
  })
  // The address at Stripe is for this visit alone.
  return redirect(url, { headers: { 'Cache-Control': 'no-store' } })
}

/** Never seen: with it, what goes wrong is told on a page, with the way to try again. */
export default function UpdateCard() {
  return null
}
