import { expect, test } from 'vitest'
import { SECRET, aPlan, receiver, sandboxAndClient } from './harness.ts'

test('a subscription checkout creates session, subscription, paid invoice, card and events', async () => {
  const hook = await receiver()
  const { sandbox, stripe } = await sandboxAndClient({ endpoint: { url: hook.url, secret: SECRET } })
  const { monthly } = await aPlan(stripe)
  const customer = await stripe.customers.create({ email: 'ada@example.com', metadata: { userId: 'u1' } })
  const session = await stripe.checkout.sessions.create({
    mode: 'subscription',
    customer: customer.id,
    client_reference_id: 'u1',
    line_items: [{ price: monthly.id, quantity: 1 }],
    billing_address_collection: 'required',
    success_url: 'http://localhost:3000/billing/success?session_id={CHECKOUT_SESSION_ID}',
    cancel_url: 'http://localhost:3000/pricing',
    subscription_data: { metadata: { userId: 'u1', plan: 'Beginner' } },
    metadata: { userId: 'u1' },
  })
  expect(session).toMatchObject({
    status: 'open',
    payment_status: 'unpaid',
    amount_total: 1000,
    url: `${sandbox.url}/c/pay/${session.id}`,
  })

  const paid = sandbox.completeCheckout(session.id)
  expect(paid).toMatchObject({ status: 'complete', payment_status: 'paid', url: null, customer: customer.id })
  await sandbox.idle()

  const subscription = await stripe.subscriptions.retrieve(paid.subscription as string, {
    expand: ['latest_invoice.payments', 'default_payment_method'],
  })
  expect(subscription).toMatchObject({
    status: 'active',
    metadata: { userId: 'u1', plan: 'Beginner' },
    default_payment_method: { card: { last4: '4242' } },
  })
  const [item] = subscription.items.data
  expect(new Date(item!.current_period_end * 1000).getUTCDate()).toBe(
    new Date(item!.current_period_start * 1000).getUTCDate(),
  )
  expect(subscription.latest_invoice).toMatchObject({
    status: 'paid',
    billing_reason: 'subscription_create',
    amount_paid: 1000,
    parent: { subscription_details: { subscription: subscription.id, metadata: { userId: 'u1', plan: 'Beginner' } } },
    lines: {
      data: [
        {
          amount: 1000,
          pricing: { price_details: { price: monthly.id } },
          parent: { subscription_item_details: { subscription_item: item!.id } },
        },
      ],
    },
    payments: { data: [{ status: 'paid', payment: { type: 'payment_intent' } }] },
  })
  expect(hook.events.map(({ type }) => type).filter((type) => !/^(product|price|plan)\./.test(type))).toEqual([
    'customer.created',
    'payment_method.attached',
    'customer.subscription.created',
    'customer.updated',
    'invoice.created',
    'invoice.finalized',
    'payment_intent.created',
    'charge.succeeded',
    'payment_intent.succeeded',
    'invoice.updated',
    'invoice.paid',
    'invoice.payment_succeeded',
    'invoice_payment.paid',
    'customer.subscription.updated',
    'checkout.session.completed',
  ])
  const updated = hook.events.find(({ type }) => type === 'customer.subscription.updated')
  expect(updated?.data.previous_attributes).toEqual({ status: 'incomplete' })
})

test('a payment checkout sells a pack once', async () => {
  const { sandbox, stripe } = await sandboxAndClient()
  const product = await stripe.products.create({ name: '500 credits' })
  const price = await stripe.prices.create({ product: product.id, currency: 'usd', unit_amount: 600 })
  const session = await stripe.checkout.sessions.create({
    mode: 'payment',
    line_items: [{ price: price.id, quantity: 2 }],
    success_url: 'http://localhost:3000/',
    payment_intent_data: { metadata: { pack: '500' } },
  })
  const paid = sandbox.completeCheckout(session.id, { email: 'bob@example.com' })
  expect(paid).toMatchObject({ amount_total: 1200, customer: null, customer_details: { email: 'bob@example.com' } })
  const intent = await stripe.paymentIntents.retrieve(paid.payment_intent as string, {
    expand: ['latest_charge.balance_transaction'],
  })
  expect(intent).toMatchObject({
    status: 'succeeded',
    metadata: { pack: '500' },
    latest_charge: { paid: true, balance_transaction: { amount: 1200 } },
  })
  const items = await stripe.checkout.sessions.listLineItems(session.id)
  expect(items.data).toMatchObject([{ object: 'item', quantity: 2, amount_total: 1200, price: { id: price.id } }])
})

test('a declined card leaves the session open and its failure on record, and the next card pays', async () => {
  const { sandbox, stripe } = await sandboxAndClient()
  const { monthly } = await aPlan(stripe)
  const session = await stripe.checkout.sessions.create({
    mode: 'subscription',
    line_items: [{ price: monthly.id, quantity: 1 }],
    success_url: 'http://localhost:3000/',
  })
  for (const card of ['4000000000000002', '4000000000009995', '4000000000000341'])
    expect(() => sandbox.completeCheckout(session.id, { card })).toThrow(/declined|insufficient/)
  expect(sandbox.events('charge.failed')).toHaveLength(3)
  expect(sandbox.events('payment_intent.payment_failed')).toHaveLength(3)
  expect(sandbox.events('customer.subscription.*')).toHaveLength(0)
  expect((await stripe.checkout.sessions.retrieve(session.id)).status).toBe('open')
  expect(sandbox.completeCheckout(session.id).status).toBe('complete')
  expect(() => sandbox.completeCheckout(session.id)).toThrow(/no longer open/)
})

test('a card that requires authentication waits for it', async () => {
  const { sandbox, stripe } = await sandboxAndClient()
  const { monthly } = await aPlan(stripe)
  const create = () =>
    stripe.checkout.sessions.create({
      mode: 'subscription',
      line_items: [{ price: monthly.id, quantity: 1 }],
      success_url: 'http://localhost:3000/',
    })
  const refused = await create()
  expect(() => sandbox.completeCheckout(refused.id, { card: '4000002500003155', authenticate: false })).toThrow(
    /authenticate/,
  )
  const accepted = await create()
  expect(sandbox.completeCheckout(accepted.id, { card: '4000002500003155' }).status).toBe('complete')
})

test('a session expires after a day or on request', async () => {
  const { sandbox, stripe } = await sandboxAndClient()
  const { monthly } = await aPlan(stripe)
  const create = () =>
    stripe.checkout.sessions.create({
      mode: 'subscription',
      line_items: [{ price: monthly.id, quantity: 1 }],
      success_url: 'http://localhost:3000/',
    })
  const told = await create()
  expect(await stripe.checkout.sessions.expire(told.id)).toMatchObject({ status: 'expired', url: null })
  await expect(stripe.checkout.sessions.expire(told.id)).rejects.toThrow(/Only Checkout Sessions/)
  const left = await create()
  sandbox.advance(24 * 3600 + 1)
  expect((await stripe.checkout.sessions.retrieve(left.id)).status).toBe('expired')
  expect(sandbox.events('checkout.session.expired').map(({ data }) => data.object.id)).toEqual([told.id, left.id])
})

test('the hosted page works as a plain form with errors, saved cards, a decline, and the way back', async () => {
  const { stripe } = await sandboxAndClient()
  const { monthly } = await aPlan(stripe)
  const session = await stripe.checkout.sessions.create({
    mode: 'subscription',
    line_items: [{ price: monthly.id, quantity: 1 }],
    billing_address_collection: 'required',
    success_url: 'http://localhost:3000/done?id={CHECKOUT_SESSION_ID}',
    cancel_url: 'http://localhost:3000/pricing',
  })
  const post = (fields: Record<string, string>) =>
    fetch(session.url!, { method: 'POST', body: new URLSearchParams(fields), redirect: 'manual' })
  const form = await (await fetch(session.url!)).text()
  expect(form).toContain('Pay $10.00')
  expect(form).toContain('href="http://localhost:3000/pricing"')
  expect(form).not.toMatch(/style="|<script>/)
  expect(await (await post({ pay: '1' })).text()).toMatch(/There are \d+ problems/)
  const filled = await (await post({ fill: '4000000000000002', email: 'ada@example.com' })).text()
  expect(filled).toContain('value="4000 0000 0000 0002"')
  const entry = {
    email: 'ada@example.com',
    number: '4000 0000 0000 0002',
    expiry: '12 / 34',
    cvc: '123',
    name: 'Ada',
    country: 'DE',
    line1: 'A 1',
    city: 'B',
    postal_code: '1',
    pay: '1',
  }
  expect(await (await post(entry)).text()).toContain('Your card was declined. Try another card.')
  const done = await post({ ...entry, number: '4242424242424242' })
  expect([done.status, done.headers.get('location')]).toEqual([303, `http://localhost:3000/done?id=${session.id}`])
  expect(await (await fetch(session.url!)).text()).toContain('You are all done here')
  const { data } = await stripe.customers.list({ email: 'ada@example.com' })
  expect(data).toMatchObject([{ name: 'Ada', address: { country: 'DE', line1: 'A 1' } }])
})

test('a bank debit completes the session unpaid, and minutes later is paid or fails', async () => {
  const { sandbox, stripe } = await sandboxAndClient()
  const product = await stripe.products.create({ name: '500 credits' })
  const price = await stripe.prices.create({ product: product.id, currency: 'eur', unit_amount: 600 })
  const buy = async (
    card: string,
    allowed_payment_method_types: ('card' | 'sepa_debit')[] = ['card', 'sepa_debit'],
  ) => {
    const session = await stripe.checkout.sessions.create({
      mode: 'payment',
      line_items: [{ price: price.id, quantity: 1 }],
      allowed_payment_method_types,
      success_url: 'http://localhost:3000/',
    })
    return sandbox.completeCheckout(session.id, { card })
  }
  const paid = await buy('AT611904300234573201')
  const refused = await buy('AT861904300235473202')
  await expect(buy('AT611904300234573201', ['card'])).rejects.toThrow(/cannot be used here/)
  for (const session of [paid, refused]) {
    expect(session).toMatchObject({ status: 'complete', payment_status: 'unpaid' })
    const intent = await stripe.paymentIntents.retrieve(session.payment_intent as string, { expand: ['latest_charge'] })
    expect(intent).toMatchObject({ status: 'processing', latest_charge: { status: 'pending', paid: false } })
  }
  sandbox.advance(181)
  expect((await stripe.checkout.sessions.retrieve(paid.id)).payment_status).toBe('paid')
  expect((await stripe.checkout.sessions.retrieve(refused.id)).payment_status).toBe('unpaid')
  expect(sandbox.events('checkout.session.*').map(({ type }) => type)).toEqual([
    'checkout.session.completed',
    'checkout.session.completed',
    'checkout.session.async_payment_succeeded',
    'checkout.session.async_payment_failed',
  ])
  const { data } = await stripe.charges.list({ expand: ['data.balance_transaction'] })
  expect(data.map(({ status, payment_method_details }) => [status, payment_method_details?.type])).toEqual([
    ['failed', 'sepa_debit'],
    ['succeeded', 'sepa_debit'],
  ])
})
