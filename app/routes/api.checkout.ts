import { apiRoute } from '#app/auth/api-route.server.ts'
import { consumeAttempt } from '#app/auth/rate-limit.server.ts'
import { checkoutBody } from '#app/billing/checkout/checkout-body.ts'
import { createCheckout } from '#app/billing/checkout/create-checkout.server.ts'
import { checkoutLocaleOf } from '#app/billing/checkout/checkout-locale.ts'
import { methodNotAllowed } from '#app/http/api-error.server.ts'
import { readJson } from '#app/http/read-json.server.ts'

const KEY_LENGTH_MAX = 255

export const loader = () => methodNotAllowed('POST')

/** Opens a checkout session. The same `Idempotency-Key` returns the same one. */
export const action = apiRoute('POST', async ({ request, user }) => {
  await consumeAttempt('payment', user._id.toHexString())
  const key = request.headers.get('Idempotency-Key')?.slice(0, KEY_LENGTH_MAX)
  const options = {
    nonce: key ?? crypto.randomUUID(),
    isIdempotencyKey: key !== undefined,
    locale: checkoutLocaleOf(request.headers.get('Accept-Language')),
  }
  const { url } = await createCheckout({ user, ...(await readJson(request, checkoutBody)) }, options)
  return Response.json({ url })
})
