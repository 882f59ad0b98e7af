import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { StripeSandbox } from '#sandbox/stripe/server.ts'
import { SECRET, receiver, sandboxAndClient } from './harness.ts'

const cli = join(import.meta.dirname, '../../node_modules/.bin/stripe')
const home = mkdtempSync(join(tmpdir(), 'stripe-cli-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))

/** Runs the official Stripe CLI against a sandbox, with a home of its own to leave the developer's login alone. */
function run(sandbox: StripeSandbox, ...args: string[]): Promise<{ code: number; output: string }> {
  const all = [...args, '--api-base', sandbox.url, '--api-key', 'sk_test_abcdefghijklmnopqrstuvwxyz']
  return new Promise((resolve) => {
    execFile(
      cli,
      all,
      { env: { ...process.env, HOME: home, XDG_CONFIG_HOME: home, NO_COLOR: '1' }, timeout: 25_000 },
      (error, stdout, stderr) => resolve({ code: error ? Number(error.code ?? 1) : 0, output: `${stdout}${stderr}` }),
    )
  })
}

const triggers = [
  'checkout.session.completed',
  'checkout.session.expired',
  'invoice.payment_succeeded',
  'invoice.payment_failed',
  'customer.subscription.created',
  'customer.subscription.updated',
  'customer.subscription.deleted',
  'customer.subscription.trial_will_end',
  'customer.subscription.paused',
  'credit_note.created',
  'charge.refunded',
  'charge.dispute.created',
  'payment_intent.payment_failed',
]

test.skipIf(!existsSync(cli)).each(triggers)('the CLI command stripe trigger %s sends the event', async (type) => {
  const hook = await receiver()
  const { sandbox } = await sandboxAndClient({ endpoint: { url: hook.url, secret: SECRET } })
  const { code, output } = await run(sandbox, 'trigger', type)
  expect(output).toContain('Trigger succeeded')
  expect(code).toBe(0)
  await sandbox.idle()
  expect(hook.events.map((event) => event.type)).toContain(type)
})

test.skipIf(!existsSync(cli))('the CLI lists, reads, runs fixtures and resends', async () => {
  const hook = await receiver()
  const { sandbox, stripe } = await sandboxAndClient({ endpoint: { url: hook.url, secret: SECRET } })
  const file = join(home, 'fixture.json')
  writeFileSync(
    file,
    JSON.stringify({
      _meta: { template_version: 0 },
      fixtures: [
        { name: 'customer', path: '/v1/customers', method: 'post', params: { email: 'fixture@example.com' } },
        { name: 'renamed', path: '/v1/customers/${customer:id}', method: 'post', params: { name: 'Fixture' } },
      ],
    }),
  )
  expect((await run(sandbox, 'fixtures', file)).code).toBe(0)
  const [customer] = (await stripe.customers.list()).data
  expect(customer).toMatchObject({ email: 'fixture@example.com', name: 'Fixture' })
  expect((await run(sandbox, 'customers', 'list')).output).toContain('fixture@example.com')
  expect((await run(sandbox, 'get', customer!.id)).output).toContain('"name": "Fixture"')
  await sandbox.idle()
  const before = hook.events.length
  const event = sandbox.events('customer.created')[0]!
  expect((await run(sandbox, 'events', 'resend', event.id)).output).toContain(event.id)
  await sandbox.idle()
  expect(hook.events.slice(before).map(({ id }) => id)).toEqual([event.id])
})
