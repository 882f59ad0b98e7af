import type Stripe from 'stripe'
import { expect, test } from 'vitest'
import { SECRET, aCustomer, aPlan, receiver, sandboxAndClient } from './harness.ts'

const RETURN = 'http://localhost:3000/billing'

async function subscriber(stripe: Stripe, card = 'pm_card_visa') {
  const beginner = await aPlan(stripe)
  const daily = await aPlan(stripe, { name: 'Daily', month: 1800, year: 18_000 })
  const customer = await aCustomer(stripe, card)
  const subscription = await stripe.subscriptions.create({
    customer: customer.id,
    items: [{ price: beginner.monthly.id }],
  })
  const invoice = await stripe.invoices.retrieve(subscription.latest_invoice as string)
  return { beginner, daily, customer, subscription, invoice }
}

const post = (url: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
  fetch(url, { method: 'POST', body: new URLSearchParams(fields), redirect: 'manual', headers })
const text = async (url: string) => (await fetch(url)).text()

test('the portal changes the card and plan, cancels with a reason, resumes, and shows invoices', async () => {
  const { sandbox, stripe } = await sandboxAndClient()
  const { daily, customer, subscription } = await subscriber(stripe)
  const { url } = await stripe.billingPortal.sessions.create({ customer: customer.id, return_url: RETURN })
  const home = await text(url)
  for (const part of ['Beginner', '$10.00 / month', 'Visa ending 4242', 'Paid', `href="${RETURN}"`])
    expect(home).toContain(part)

  await post(`${url}/card`, { number: '4000000000000341' })
  const changed = await stripe.customers.retrieve(customer.id, { expand: ['invoice_settings.default_payment_method'] })
  expect(changed).toMatchObject({ invoice_settings: { default_payment_method: { card: { last4: '0341' } } } })
  expect(await (await post(`${url}/card`, { number: '4000000000000002' })).text()).toContain('Your card was declined.')
  await post(`${url}/card`, { number: '4242424242424242' })

  const item = subscription.items.data[0]!.id
  const confirm = await text(`${url}/confirm/${subscription.id}?item=${item}&price=${daily.monthly.id}`)
  expect(confirm).toContain('Pay $8.00 and change')
  await post(`${url}/confirm/${subscription.id}`, { item, price: daily.monthly.id, quantity: '' })
  expect(await stripe.subscriptions.retrieve(subscription.id, { expand: ['latest_invoice'] })).toMatchObject({
    items: { data: [{ price: { id: daily.monthly.id } }] },
    latest_invoice: { amount_paid: 800 },
  })

  await post(`${url}/cancel/${subscription.id}`, { feedback: 'too_expensive', comment: 'Maybe later' })
  expect(await stripe.subscriptions.retrieve(subscription.id)).toMatchObject({
    cancel_at_period_end: false,
    cancel_at: subscription.items.data[0]!.current_period_end,
    cancellation_details: { feedback: 'too_expensive', comment: 'Maybe later', reason: 'cancellation_requested' },
  })
  expect(await text(url)).toContain('Do not cancel')
  await post(`${url}/resume/${subscription.id}`, {})
  expect(await stripe.subscriptions.retrieve(subscription.id)).toMatchObject({
    cancel_at_period_end: false,
    cancel_at: null,
  })

  sandbox.advance(3700)
  expect(await text(url)).toContain('This session has expired')
})

test('a portal flow opens its page and returns where the shop said', async () => {
  const { stripe } = await sandboxAndClient()
  const { daily, customer, subscription } = await subscriber(stripe)
  const flow = async (flow_data: Stripe.BillingPortal.SessionCreateParams.FlowData) =>
    (await stripe.billingPortal.sessions.create({ customer: customer.id, return_url: RETURN, flow_data })).url
  const after_completion = { type: 'redirect' as const, redirect: { return_url: `${RETURN}?done=1` } }

  const card = await flow({ type: 'payment_method_update', after_completion })
  expect((await fetch(card)).url).toBe(`${card}/card`)
  expect((await post(`${card}/card`, { number: '5555555555554444' })).headers.get('location')).toBe(`${RETURN}?done=1`)

  const items = [{ id: subscription.items.data[0]!.id, price: daily.monthly.id, quantity: 2 }]
  const confirm = await flow({
    type: 'subscription_update_confirm',
    subscription_update_confirm: { subscription: subscription.id, items },
    after_completion,
  })
  const page = await fetch(confirm)
  expect(await page.text()).toContain('Pay $26.00 and change')
  expect(
    (await post(page.url, { item: items[0]!.id, price: daily.monthly.id, quantity: '2' })).headers.get('location'),
  ).toBe(`${RETURN}?done=1`)
  expect((await stripe.subscriptions.retrieve(subscription.id)).items.data[0]).toMatchObject({ quantity: 2 })

  const cancel = await flow({ type: 'subscription_cancel', subscription_cancel: { subscription: subscription.id } })
  expect(await text(cancel)).toContain('Cancel Daily')
  await expect(flow({ type: 'subscription_cancel' })).rejects.toMatchObject({ code: 'parameter_missing' })
})

test('a portal session is for its customer alone', async () => {
  const { stripe } = await sandboxAndClient()
  const { customer } = await subscriber(stripe)
  const other = await aCustomer(stripe)
  const theirs = await stripe.subscriptions.create({
    customer: other.id,
    items: [{ price: (await stripe.prices.list({ limit: 1 })).data[0]!.id }],
  })
  const { url } = await stripe.billingPortal.sessions.create({ customer: customer.id })
  await post(`${url}/cancel/${theirs.id}`, {})
  expect((await stripe.subscriptions.retrieve(theirs.id)).cancel_at_period_end).toBe(false)
  await expect(
    stripe.billingPortal.sessions.create({
      customer: customer.id,
      flow_data: { type: 'subscription_cancel', subscription_cancel: { subscription: theirs.id } },
    }),
  ).rejects.toThrow(/does not belong/)
  expect((await fetch(url.slice(0, -4) + 'XXXX')).status).toBe(404)
})

test('the hosted invoice can be read, downloaded as a PDF, and paid while open', async () => {
  const { stripe } = await sandboxAndClient()
  const { invoice, customer, beginner } = await subscriber(stripe)
  const page = await text(invoice.hosted_invoice_url!)
  for (const part of [`Invoice ${invoice.number}`, 'Paid', '$10.00', '1 × Beginner (at $10.00 / month)'])
    expect(page).toContain(part)
  const pdf = await fetch(invoice.invoice_pdf!)
  expect(pdf.headers.get('content-type')).toBe('application/pdf')
  const bytes = Buffer.from(await pdf.arrayBuffer())
  expect(bytes.subarray(0, 5).toString()).toBe('%PDF-')
  expect(bytes.length).toBeGreaterThan(1000)
  expect((await fetch(`${new URL(invoice.hosted_invoice_url!).origin}/i/acct_1Sandbox/test_guess`)).status).toBe(404)

  const waiting = await stripe.subscriptions.create({
    customer: customer.id,
    items: [{ price: beginner.monthly.id }],
    payment_behavior: 'default_incomplete',
    expand: ['latest_invoice'],
  })
  const open = (waiting.latest_invoice as Stripe.Invoice).hosted_invoice_url!
  expect(await (await post(open, { card: '4000000000000002' })).text()).toContain(
    'Your card was declined. Try another card.',
  )
  await post(open, { card: '4242424242424242' })
  expect((await stripe.subscriptions.retrieve(waiting.id)).status).toBe('active')
  const [charge] = (await stripe.charges.list({ customer: customer.id })).data
  expect(await text(charge!.receipt_url!)).toContain('$10.00')
})

test('the control page shows events and deliveries and triggers each situation in one click', async () => {
  const hook = await receiver()
  const { sandbox, stripe } = await sandboxAndClient({ endpoint: { url: hook.url, secret: SECRET } })
  expect(await text(sandbox.url)).toContain('No events yet.')
  const { customer, subscription } = await subscriber(stripe)
  await sandbox.idle()
  const page = await text(`${sandbox.url}/?customer=${customer.id}&object=${subscription.id}`)
  for (const part of [
    'Everything is delivered to',
    'customer.subscription.created',
    'Delivered 200',
    'Cancel now',
    'ada@example.com',
  ])
    expect(page).toContain(part)
  expect(page).not.toMatch(/style="|undefined|NaN|\[object/)

  const click = (fields: Record<string, string>) => post(sandbox.url, { back: '/', ...fields })
  const [charge] = (await stripe.charges.list({ customer: customer.id })).data
  await click({ do: `refund_half:${charge!.id}` })
  expect(await stripe.charges.retrieve(charge!.id)).toMatchObject({ amount_refunded: 500 })
  await click({ do: `dispute:${charge!.id}` })
  const [dispute] = (await stripe.disputes.list()).data
  const tree = async () => (await text(`${sandbox.url}/?customer=${customer.id}`)).replaceAll(/\s+/g, ' ')
  expect(await tree()).toMatch(/Dispute, [^<]*<\/a ?> <span[^>]*>Open</)
  await click({ do: `lost:${dispute!.id}` })
  expect(await tree()).toMatch(/Dispute, [^<]*<\/a ?> <span[^>]*>Lost</)
  expect((await stripe.disputes.retrieve(dispute!.id)).status).toBe('lost')
  await click({ do: `fail:${customer.id}` })
  await click({ advance: 'renewal' })
  expect((await stripe.subscriptions.retrieve(subscription.id)).status).toBe('past_due')
  const invoice = (await stripe.subscriptions.retrieve(subscription.id)).latest_invoice as string
  await click({ do: `heal:${customer.id}` })
  expect((await click({ do: `pay:${invoice}` })).headers.get('location')).toContain('The+invoice+is+paid.')
  expect((await stripe.subscriptions.retrieve(subscription.id)).status).toBe('active')

  await sandbox.idle()
  hook.events.length = 0
  const event = sandbox.events('invoice.paid')[0]!
  await click({ resend_twice: event.id })
  expect(hook.events.map(({ id }) => id)).toEqual([event.id, event.id])
  await click({ faults: 'set', hold: '1' })
  await stripe.customers.create({})
  expect(await text(sandbox.url)).toMatch(/Deliveries are held\. 1 event is waiting\./)

  for (const Origin of ['https://evil.example', 'http://127.0.0.1', 'null', 'nonsense']) {
    expect((await post(sandbox.url, { do: `cancel:${subscription.id}` }, { Origin })).status, Origin).toBe(403)
  }
  expect((await post(sandbox.url, { faults: 'clear' }, { Origin: sandbox.url })).status).toBe(303)
  expect((await click({ back: '//evil.example/', advance: '1 day' })).headers.get('location')).toMatch(/^\/\?notice=/)
})

test('the controls work over HTTP', async () => {
  const { sandbox, stripe } = await sandboxAndClient()
  const { monthly } = await aPlan(stripe)
  const call = async (method: string, path: string, body?: object): Promise<unknown> =>
    (await fetch(`${sandbox.url}/_sandbox${path}`, { method, body: body && JSON.stringify(body) })).json()
  const before = (await call('GET', '/clock')) as { now: number }
  expect(await call('POST', '/clock', { days: 2 })).toMatchObject({ offset: 2 * 86_400 })
  expect(((await call('GET', '/clock')) as { now: number }).now - before.now).toBeGreaterThanOrEqual(2 * 86_400)
  const session = await stripe.checkout.sessions.create({
    mode: 'subscription',
    line_items: [{ price: monthly.id, quantity: 1 }],
    success_url: 'http://localhost/',
  })
  expect(await call('POST', '/checkout', { session: session.id, card: '4000000000000002' })).toMatchObject({
    error: { code: 'card_declined' },
  })
  expect(await call('POST', '/checkout', { session: session.id })).toMatchObject({ session: { status: 'complete' } })
  expect(await call('GET', '/events?type=invoice.paid')).toMatchObject({ events: [{ type: 'invoice.paid' }] })
  expect(await call('POST', '/faults', { api: [{ failure: 503, times: 1 }] })).toMatchObject({
    api: [{ failure: 503 }],
  })
  await expect(stripe.customers.list()).rejects.toMatchObject({ statusCode: 503 })
  expect(await call('DELETE', '/faults')).toMatchObject({ api: [], slow: 0 })
  expect(await call('POST', '/idle')).toEqual({ idle: true })
})

test('the clock reports the next renewal, and the pulse the number of waiting events', async () => {
  const { sandbox, stripe } = await sandboxAndClient()
  const pulse = async () => (await (await fetch(`${sandbox.url}/_sandbox/pulse`)).json()) as { waiting: number }
  expect(await text(sandbox.url)).not.toContain('Next renewal')
  const { subscription } = await subscriber(stripe)
  const end = new Date(subscription.items.data[0]!.current_period_end * 1000)
  const page = await text(sandbox.url)

  expect(page.replaceAll(/\s+/g, ' ')).toContain(`Next renewal: <time datetime="${end.toISOString()}"`)
  expect((await pulse()).waiting).toBe(0)
  const hook = await receiver()
  sandbox.addEndpoint({ url: hook.url, secret: SECRET })
  sandbox.faults.deliveries.hold = true
  await stripe.customers.create({})
  expect((await pulse()).waiting).toBe(1)
})
