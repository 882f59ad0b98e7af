import { findAtStripe } from './client.server.ts'
import { reference } from './objects/fields.ts'

/**
 * Retrieves a customer.
 * @returns null without an ID, when Stripe does not know the customer, and after it was deleted
 * @throws StripeUnavailable
 */
export async function retrieveCustomer(id: string | null | undefined, params: { expand?: string[] } = {}) {
  const found = id ? await findAtStripe((stripe) => stripe.customers.retrieve(id, params)) : null
  return found && !found.deleted ? found : null
}

/** The ID of the payment method that a customer is charged with by default, or null. */
export async function defaultMethodOf(customerId: string | null | undefined): Promise<string | null> {
  const customer = await retrieveCustomer(customerId)
  return reference.parse(customer?.invoice_settings.default_payment_method)
}
