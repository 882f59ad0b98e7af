import { DAY } from '../core/clock.ts'
import { invalidRequest, missingParameter } from '../core/errors.ts'
import { randomText } from '../core/ids.ts'
import { find, liveCustomer } from '../core/lookup.ts'
import { expireSession } from '../billing/checkout/pay-session.ts'
import { lineItemsOf, withTotals } from '../billing/checkout/totals.ts'
import { endpoint, listEndpoint, retrieveEndpoint, pageOf } from '../http/endpoint.ts'
import { hash, integer, mergeMetadata, metadata, oneOf, range, text } from '../http/params.ts'
import { orderOf, sessionOf } from './checkout-session.ts'
import { create } from './checkout-params.ts'

export const checkoutSessions = [
  endpoint('POST /v1/checkout/sessions', create, ({ world, params, version }) => {
    const mode = params.mode ?? 'payment'
    if (!params.success_url && !params.return_url) throw missingParameter('success_url')
    for (const field of ['success_url', 'cancel_url'] as const)
      if (params[field] !== undefined && !/^https?:\/\//.test(params[field]))
        throw invalidRequest('Not a valid URL', field, 'url_invalid')
    if (params.customer && params.customer_email)
      throw invalidRequest('You may only specify one of these parameters: customer, customer_email.', 'customer')
    if (params.customer_creation && mode === 'subscription')
      throw invalidRequest('You can only use `customer_creation` in `payment` and `setup` mode.', 'customer_creation')
    if (params.allow_promotion_codes && params.discounts)
      throw invalidRequest(
        'You may only specify one of these parameters: allow_promotion_codes, discounts.',
        'allow_promotion_codes',
      )
    if (params.customer_update && !params.customer)
      throw invalidRequest('`customer_update` can only be used with `customer`.', 'customer_update')
    const customer = params.customer ? liveCustomer(world, params.customer) : null
    if (customer && params.tax_id_collection?.enabled && params.customer_update?.name !== 'auto')
      throw invalidRequest(
        'Tax ID collection requires updating business name on the customer. To enable tax ID collection for an existing customer, please set `customer_update[name]` to `auto`.',
        'customer_update',
      )
    if (
      customer &&
      params.automatic_tax?.enabled &&
      !customer.address?.country &&
      params.customer_update?.address !== 'auto'
    )
      throw invalidRequest(
        'Automatic tax calculation in Checkout requires a valid address on the Customer. Add a valid address to the Customer or set either `customer_update[address]` to "auto" or `customer_update[shipping]` to "auto" to save the address entered in Checkout to the Customer.',
        'customer_update',
        'customer_tax_location_invalid',
      )
    const now = world.now(customer?.id)
    if (params.expires_at !== undefined && (params.expires_at < now + 30 * 60 || params.expires_at > now + DAY))
      throw invalidRequest(
        'The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation and at most 24 hours.',
        'expires_at',
      )
    const order = orderOf(world, params, { id: `cs_test_a1${randomText(58)}`, mode, version })
    const session = sessionOf(world, params, order, mode, now)
    world.tables.checkoutOrders.insert(order)
    const priced = world.tables.checkoutSessions.insert(withTotals(world, session, order))
    if (
      mode === 'payment' &&
      priced.amount_total !== null &&
      priced.amount_total > 0 &&
      priced.amount_total < 50 &&
      priced.currency === 'usd'
    )
      throw invalidRequest(
        "The Checkout Session's total amount due must add up to at least $0.50 usd",
        undefined,
        'amount_too_small',
      )
    return priced
  }),
  retrieveEndpoint('GET /v1/checkout/sessions/:id', 'checkoutSessions'),
  endpoint('POST /v1/checkout/sessions/:id', { metadata }, ({ world, id, params }) => {
    const before = find(world.tables.checkoutSessions, id)
    return world.tables.checkoutSessions.update(id, { metadata: mergeMetadata(before.metadata ?? {}, params.metadata) })
  }),
  endpoint('POST /v1/checkout/sessions/:id/expire', {}, ({ world, id }) =>
    expireSession(world, find(world.tables.checkoutSessions, id)),
  ),
  endpoint(
    'GET /v1/checkout/sessions/:id/line_items',
    { limit: integer, starting_after: text, ending_before: text },
    ({ world, id, params }) => pageOf(lineItemsOf(world, find(world.tables.checkoutSessions, id)), params),
  ),
  listEndpoint(
    'GET /v1/checkout/sessions',
    'checkoutSessions',
    {
      created: range,
      customer: text,
      customer_details: hash({ email: text }),
      payment_intent: text,
      status: oneOf('complete', 'expired', 'open'),
      subscription: text,
    },
    { by: { customer_details: (row, { email }) => !email || row.customer_details?.email === email } },
  ),
]
