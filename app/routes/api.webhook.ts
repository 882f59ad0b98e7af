import type { ActionFunctionArgs } from '@remix-run/node'
import { receiveWebhook } from '#app/billing/webhooks/receive.server.ts'
import { apiError, errorResponse, methodNotAllowed } from '#app/http/api-error.server.ts'

export const loader = () => methodNotAllowed('POST')

/** Stripe's events. The body is read as text, once and before anything else: its signature covers every byte. */
export async function action({ request }: ActionFunctionArgs): Promise<Response> {
  if (request.method !== 'POST') return methodNotAllowed('POST')
  try {
    const { handled } = await receiveWebhook(await request.text(), request.headers.get('Stripe-Signature'))
    if (!handled) return errorResponse('internal_error', 'Send this event again.')
    return Response.json({ received: true }, { headers: { 'Cache-Control': 'no-store' } })
  } catch (error) {
    return apiError(error)
  }
}
