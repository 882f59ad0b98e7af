import Stripe from 'stripe'
import { expect, test } from 'vitest'
import { aCustomer, aPlan, clientOf, sandboxAndClient } from './harness.ts'

const rejection = async (call: Promise<unknown>) => {
  const error: unknown = await call.then(
    () => null,
    (reason: unknown) => reason,
  )
  const { type, code, param, statusCode, message } = error as Stripe.errors.StripeError
  return { type, code, param, status: statusCode, message }
}

test('every kind of error has Stripe’s shape', async () => {
  const { sandbox, stripe } = await sandboxAndClient()
  const raw = (path: string, params: object) => stripe.rawRequest('POST', path, params)
  expect(await rejection(stripe.customers.retrieve('cus_nope'))).toEqual({
    type: 'StripeInvalidRequestError',
    code: 'resource_missing',
    param: 'id',
    status: 404,
    message: "No such customer: 'cus_nope'",
  })
  expect(await rejection(raw('/v1/customers', { emial: 'x' }))).toMatchObject({
    code: 'parameter_unknown',
    param: 'emial',
    status: 400,
    message: 'Received unknown parameter: emial',
  })
  expect(await rejection(raw('/v1/customers', { address: { strasse: 'x' } }))).toMatchObject({
    code: 'parameter_unknown',
    param: 'address[strasse]',
  })
  expect(await rejection(raw('/v1/customers', { cash_balance: { settings: { a: 1 } } }))).toMatchObject({
    code: 'sandbox_unsupported',
  })
  expect(await rejection(raw('/v1/prices', { unit_amount: 5, product: 'x' }))).toMatchObject({
    code: 'parameter_missing',
    param: 'currency',
  })
  expect(await rejection(raw('/v1/prices', { currency: 'usd', unit_amount: 'ten' }))).toMatchObject({
    code: 'parameter_invalid_integer',
    param: 'unit_amount',
  })
  expect(
    await rejection(
      raw('/v1/prices', {
        currency: 'usd',
        unit_amount: 1,
        product_data: { name: 'x' },
        recurring: { interval: 'moon' },
      }),
    ),
  ).toMatchObject({
    param: 'recurring[interval]',
    message: 'Invalid interval: must be one of day, week, month, or year',
  })
  expect(await rejection(raw('/v1/refunds', { charge: 'ch_nope' }))).toMatchObject({
    code: 'resource_missing',
    param: 'charge',
    status: 400,
  })
  expect(await rejection(raw('/v1/unicorns', {}))).toMatchObject({
    status: 404,
    message: expect.stringContaining('Unrecognized request URL (POST: /v1/unicorns)') as string,
  })
  expect(
    await rejection(
      new Stripe('sk_live_123456789', { host: '127.0.0.1', port: sandbox.port, protocol: 'http' }).customers.list(),
    ),
  ).toMatchObject({ type: 'StripeAuthenticationError', status: 401 })
  expect(await rejection(stripe.customers.list({ limit: 101 }))).toMatchObject({ param: 'limit', status: 400 })
  await aCustomer(stripe)
  expect(await rejection(stripe.customers.list({ expand: ['data.unicorn'] }))).toMatchObject({
    param: 'expand',
    status: 400,
  })
})

test('an idempotency key replays its response and errors, and refuses other parameters or endpoints', async () => {
  const { stripe } = await sandboxAndClient()
  const key = { idempotencyKey: 'key-1' }
  const first = await stripe.customers.create({ email: 'a@example.com' }, key)
  const again = await stripe.customers.create({ email: 'a@example.com' }, key)
  expect(again.id).toBe(first.id)
  expect(again.lastResponse.headers['idempotent-replayed']).toBe('true')
  expect((await stripe.customers.list()).data).toHaveLength(1)
  expect(await rejection(stripe.customers.create({ email: 'b@example.com' }, key))).toMatchObject({
    type: 'StripeIdempotencyError',
    status: 400,
  })
  expect(await rejection(stripe.products.create({ name: 'x' }, key))).toMatchObject({
    type: 'StripeIdempotencyError',
    status: 400,
  })

  // A request refused by validation is not stored, so the corrected one may use the key.
  await rejection(stripe.rawRequest('POST', '/v1/customers', { emial: 'x' }, { idempotencyKey: 'key-2' }))
  expect((await stripe.customers.create({ email: 'c@example.com' }, { idempotencyKey: 'key-2' })).email).toBe(
    'c@example.com',
  )

  const declined = () =>
    stripe.paymentIntents.create(
      { amount: 500, currency: 'usd', payment_method: 'pm_card_chargeDeclined', confirm: true },
      { idempotencyKey: 'key-3' },
    )
  expect(await rejection(declined())).toMatchObject({ type: 'StripeCardError', code: 'card_declined', status: 402 })
  expect(await rejection(declined())).toMatchObject({ code: 'card_declined', status: 402 })
  expect((await stripe.paymentIntents.list()).data).toMatchObject([
    { status: 'requires_payment_method', last_payment_error: { decline_code: 'generic_decline' } },
  ])
})

test('a second request with a key in use is asked to retry', async () => {
  const { sandbox } = await sandboxAndClient()
  sandbox.faults.slow = 100
  const stripe = clientOf(sandbox)
  const create = () => stripe.customers.create({ email: 'a@example.com' }, { idempotencyKey: 'same' })
  const outcomes = await Promise.allSettled([create(), create()])
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({
    reason: { statusCode: 409, code: 'idempotency_key_in_use' },
  })
  // With its own retries the SDK gets both responses, with one customer.
  const patient = clientOf(sandbox, { maxNetworkRetries: 3 })
  const both = await Promise.all(
    [1, 2].map(() => patient.customers.create({ email: 'b@example.com' }, { idempotencyKey: 'other' })),
  )
  expect(both[0]!.id).toBe(both[1]!.id)
})

test('lists have cursors both ways and filters, and the SDK can iterate while objects are added', async () => {
  const { stripe } = await sandboxAndClient()
  const ids: string[] = []
  for (let index = 0; index < 7; index++)
    ids.unshift((await stripe.customers.create({ email: `c${index % 2}@example.com` })).id)
  const page = await stripe.customers.list({ limit: 3 })
  expect([page.data.map(({ id }) => id), page.has_more]).toEqual([ids.slice(0, 3), true])
  const next = await stripe.customers.list({ limit: 3, starting_after: ids[2] })
  expect([next.data.map(({ id }) => id), next.has_more]).toEqual([ids.slice(3, 6), true])
  const back = await stripe.customers.list({ limit: 2, ending_before: ids[5] })
  expect([back.data.map(({ id }) => id), back.has_more]).toEqual([ids.slice(3, 5), true])
  expect((await stripe.customers.list({ email: 'c1@example.com' })).data).toHaveLength(3)
  expect((await stripe.customers.list({ created: { gt: Math.floor(Date.now() / 1000) + 10 } })).data).toHaveLength(0)
  const seen: string[] = []
  for await (const customer of stripe.customers.list({ limit: 2 })) {
    if (seen.length === 3) await stripe.customers.create({ email: 'late@example.com' })
    seen.push(customer.id)
  }
  expect(seen).toEqual(ids)
})

test('expand works on nested objects, in lists, and for fields that exist only when expanded', async () => {
  const { sandbox, stripe } = await sandboxAndClient()
  const { monthly } = await aPlan(stripe)
  const customer = await aCustomer(stripe)
  await stripe.subscriptions.create({ customer: customer.id, items: [{ price: monthly.id }] })
  const { data } = await stripe.subscriptions.list({ expand: ['data.latest_invoice.payments'] })
  expect(data[0]).toMatchObject({ latest_invoice: { payments: { data: [{ object: 'invoice_payment' }] } } })
  expect((await stripe.invoicePayments.list({ expand: ['data.payment.payment_intent'] })).data[0]).toMatchObject({
    payment: { payment_intent: { object: 'payment_intent', status: 'succeeded' } },
  })
  // Stripe counts the `data` of a list as a level too.
  expect(
    await rejection(stripe.subscriptions.list({ expand: ['data.latest_invoice.payments.data.payment'] })),
  ).toMatchObject({ message: 'You cannot expand more than 4 levels of a property' })
  const plain = await stripe.invoices.retrieve((data[0]!.latest_invoice as Stripe.Invoice).id)
  expect(plain).not.toHaveProperty('payments')
  expect(plain).not.toHaveProperty('confirmation_secret')
  const [charge] = (await stripe.charges.list({ customer: customer.id, expand: ['data.customer', 'data.refunds'] }))
    .data
  expect(charge).toMatchObject({ customer: { email: 'ada@example.com' }, refunds: { data: [] } })
  expect(sandbox.events('customer.created')[0]!.data.object).toMatchObject({ email: 'ada@example.com' })
})

test('lookup keys of prices are unique and can be transferred', async () => {
  const { stripe } = await sandboxAndClient()
  const { product, monthly } = await aPlan(stripe)
  const params = {
    product: product.id,
    currency: 'usd',
    unit_amount: 1200,
    recurring: { interval: 'month' as const },
    lookup_key: monthly.lookup_key!,
  }
  expect(await rejection(stripe.prices.create(params))).toMatchObject({ param: 'lookup_key' })
  const moved = await stripe.prices.create({ ...params, transfer_lookup_key: true })
  expect((await stripe.prices.list({ lookup_keys: [monthly.lookup_key!] })).data.map(({ id }) => id)).toEqual([
    moved.id,
  ])
  expect((await stripe.prices.retrieve(monthly.id)).lookup_key).toBeNull()
})
