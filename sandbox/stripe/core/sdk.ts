import Stripe from 'stripe'

/** The API version in which objects are stored and events are written: the SDK's own. */
export const API_VERSION: string = Stripe.API_VERSION

const { webhooks } = new Stripe('sk_test_sandbox')

/** The `Stripe-Signature` header: a timestamp and a signature per secret, several during a rotation. */
export function signatureHeader(payload: string, secrets: string[], timestamp: number): string {
  const signatures = secrets.map(
    (secret) => webhooks.generateTestHeaderString({ payload, secret, timestamp }).split(',')[1],
  )
  return [`t=${timestamp}`, ...signatures].join(',')
}
