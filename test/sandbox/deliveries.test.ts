import { mkdtempSync, readFileSync, writeFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Stripe from 'stripe'
import { expect, test } from 'vitest'
import { SECRET, aCustomer, aPlan, receiver, sandboxAndClient } from './harness.ts'

test('an event not answered with 2xx is retried when the clock says so, and each attempt is recorded', async () => {
  const hook = await receiver()
  const { sandbox, stripe } = await sandboxAndClient({
    endpoint: { url: hook.url, secret: SECRET },
    retryDelays: [60, 600],
  })
  hook.answer(500)
  await stripe.customers.create({ email: 'a@example.com' })
  await sandbox.idle()
  expect(hook.events).toHaveLength(0)
  const delivery = () => [...sandbox.world.tables.deliveries.newestFirst()][0]!
  expect(delivery()).toMatchObject({ state: 'waiting', attempts: [{ status: 500 }] })
  hook.answer(200)
  sandbox.advance(30)
  await sandbox.idle()
  expect(hook.events).toHaveLength(0)
  sandbox.advance(31)
  await sandbox.idle()
  expect(hook.events.map(({ type }) => type)).toEqual(['customer.created'])
  expect(delivery()).toMatchObject({
    state: 'delivered',
    nextAttempt: null,
    attempts: [{ status: 500 }, { status: 200 }],
  })
  expect((await stripe.events.retrieve(delivery().event)).pending_webhooks).toBe(0)

  hook.answer(404)
  await stripe.customers.create({ email: 'b@example.com' })
  for (let count = 0; count < 4; count++) {
    sandbox.advance(3600)
    await sandbox.idle()
  }
  expect(delivery()).toMatchObject({ state: 'given_up', attempts: [{ status: 404 }, { status: 404 }, { status: 404 }] })
})

test('an event is signed with every secret of the list', async () => {
  const hook = await receiver('whsec_new')
  const { sandbox, stripe } = await sandboxAndClient({ endpoint: { url: hook.url, secret: 'whsec_old,whsec_new' } })
  await stripe.customers.create({})
  await sandbox.idle()
  expect(hook.requests[0]!.signature).toMatch(/^t=\d+,v1=[0-9a-f]{64},v1=[0-9a-f]{64}$/)
  const { webhooks } = new Stripe('sk_test_x')
  for (const secret of ['whsec_old', 'whsec_new'])
    expect(webhooks.constructEvent(hook.requests[0]!.body, hook.requests[0]!.signature, secret).type).toBe(
      'customer.created',
    )
})

test('endpoints created by the API get the events they asked for, signed with their own secret', async () => {
  const { sandbox, stripe } = await sandboxAndClient()
  const elsewhere = await receiver('whsec_unknown')
  const made = await stripe.webhookEndpoints.create({ url: elsewhere.url, enabled_events: ['customer.created'] })
  expect(made.secret).toMatch(/^whsec_/)
  expect(await stripe.webhookEndpoints.retrieve(made.id)).not.toHaveProperty('secret')
  sandbox.world.run(() => sandbox.world.tables.endpointSecrets.update(made.id, { secret: 'whsec_unknown' }))
  await stripe.products.create({ name: 'x' })
  await stripe.customers.create({})
  await sandbox.idle()
  expect(elsewhere.events.map(({ type }) => type)).toEqual(['customer.created'])
})

test('delivery faults can duplicate, delay, drop, hold and shuffle events', async () => {
  const hook = await receiver()
  const { sandbox, stripe } = await sandboxAndClient({ endpoint: { url: hook.url, secret: SECRET } })
  const arrivals = async () => {
    await sandbox.idle()
    return hook.events.splice(0).length
  }
  sandbox.faults.deliveries.twice = true
  await stripe.customers.create({})
  expect(await arrivals()).toBe(2)
  sandbox.faults.reset()
  sandbox.faults.deliveries.late = 120
  await stripe.customers.create({})
  expect(await arrivals()).toBe(0)
  sandbox.advance(121)
  expect(await arrivals()).toBe(1)
  sandbox.faults.reset()
  sandbox.faults.deliveries.drop = 1
  await stripe.customers.create({})
  sandbox.advance(10)
  expect(await arrivals()).toBe(0)
  sandbox.faults.reset()
  sandbox.faults.deliveries.hold = true
  const ids: string[] = []
  for (let count = 0; count < 6; count++) ids.push((await stripe.customers.create({})).id)
  expect(await arrivals()).toBe(0)
  sandbox.faults.deliveries = { ...sandbox.faults.deliveries, hold: false, shuffled: true }
  sandbox.webhooks.wake()
  expect(await arrivals()).toBe(6)
  await sandbox.deliver(sandbox.events('customer.created')[0]!.id, { times: 3 })
  expect(hook.events).toHaveLength(3)
})

test('an API fault can lose a response after its effect, and the same key returns it', async () => {
  const { sandbox, stripe } = await sandboxAndClient()
  sandbox.faults.api = [{ failure: 500, match: 'POST /v1/customers', times: 1 }]
  await expect(stripe.customers.create({})).rejects.toMatchObject({ statusCode: 500 })
  expect((await stripe.customers.list()).data).toHaveLength(0)
  sandbox.faults.api = [{ failure: 429, times: 1 }]
  await expect(stripe.customers.list()).rejects.toMatchObject({ type: 'StripeRateLimitError' })
  sandbox.faults.api = [{ failure: 'lost_answer', match: 'POST /v1/customers', times: 2 }]
  const create = () => stripe.customers.create({ email: 'once@example.com' }, { idempotencyKey: 'lost' })
  await expect(create()).rejects.toMatchObject({ type: 'StripeConnectionError' })
  const found = await create()
  expect((await stripe.customers.list()).data.map(({ id }) => id)).toEqual([found.id])
})

test('the state survives, even if the last line was cut off', async () => {
  const dataFolder = mkdtempSync(join(tmpdir(), 'sandbox-'))
  try {
    const first = await sandboxAndClient({ dataFolder })
    const { monthly } = await aPlan(first.stripe)
    const customer = await aCustomer(first.stripe)
    const subscription = await first.stripe.subscriptions.create(
      { customer: customer.id, items: [{ price: monthly.id }] },
      { idempotencyKey: 'sub-1' },
    )
    first.sandbox.advance(3600)
    await first.sandbox.close()
    const path = join(dataFolder, 'stripe-sandbox.jsonl')
    writeFileSync(path, `${readFileSync(path, 'utf8')}{"rows":{"customer":[{"id":"cus_torn`)

    const second = await sandboxAndClient({ dataFolder })
    expect(await second.stripe.subscriptions.retrieve(subscription.id)).toMatchObject({
      status: 'active',
      latest_invoice: subscription.latest_invoice,
    })
    expect(
      (
        await second.stripe.subscriptions.create(
          { customer: customer.id, items: [{ price: monthly.id }] },
          { idempotencyKey: 'sub-1' },
        )
      ).id,
    ).toBe(subscription.id)
    expect(second.sandbox.now() - Date.now() / 1000).toBeGreaterThan(3500)
    second.sandbox.advance(32 * 86_400)
    expect(
      (await second.stripe.invoices.list({ customer: customer.id })).data.map(({ billing_reason }) => billing_reason),
    ).toEqual(['subscription_cycle', 'subscription_create'])
  } finally {
    rmSync(dataFolder, { recursive: true, force: true })
  }
})
