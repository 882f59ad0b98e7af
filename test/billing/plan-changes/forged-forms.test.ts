import type { ActionFunctionArgs } from '@remix-run/node'
import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { auditGrants } from '#app/billing/purchases/audit-grants.server.ts'
import { action as billing } from '#app/routes/_app.billing._index/route.tsx'
import { action as cancel } from '#app/routes/_app.billing.cancel/route.tsx'
import { action as change, loader as changePage } from '#app/routes/_app.billing.change/route.tsx'
import { action as checkout } from '#app/routes/api.checkout.ts'
import { action as pricing } from '#app/routes/pricing/route.tsx'
import type { User } from '#models/user.server.ts'
import { visitAs } from '#test/auth/users.ts'
import { useDatabase } from '#test/setup/database.ts'
import { advance, useSandboxClock } from '../clock.ts'
import { subscriber, subscriptionIdOf } from '../customers.ts'
import { aUser, creditsOf, Deliveries, historyOf, readUser } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

/* Forged forms: money, credits and plans stay correct, whatever they contain. */

const context = useStripe()
useDatabase()
useSandboxClock(context)
const deliveries = new Deliveries(context)

type Action = (args: ActionFunctionArgs) => Promise<unknown>
type Fields = [name: string, value: string][]
const args = (request: Request): ActionFunctionArgs => ({ request, params: {}, context: {} })

async function post(action: Action, user: User, path: string, body: BodyInit, type?: string) {
  const { url, headers } = await visitAs(user, path)
  if (type) headers.set('Content-Type', type)
  const answer = await action(args(new Request(url, { method: 'POST', headers, body }))).catch(
    (thrown: unknown) => thrown,
  )
  if (answer instanceof Response) return { status: answer.status, to: answer.headers.get('Location') }
  if (answer instanceof Error) return { error: answer }
  const { init, data } = answer as { init?: { status?: number } | null; data: { problem?: string } | null }
  return { status: init?.status, problem: data?.problem }
}

async function formFor(user: User, plan: string, interval = 'month'): Promise<Record<string, string>> {
  const page = await changePage(args(await visitAs(user, `/billing/change?plan=${plan}&interval=${interval}`)))
  const { when, amountDue, prorationDate, nonce, redirectTo } = page
  return { plan, interval, redirectTo, when, amountDue: String(amountDue), prorationDate, nonce }
}
const order = (user: User, form: Record<string, string> | Fields) =>
  post(change, user, '/billing/change', new URLSearchParams(form))

const state = async ({ _id }: User) => {
  const user = await readUser(_id)
  const { data } = await context.stripe.charges.list({ customer: user.stripeCustomerId!, limit: 100 })
  return { subscription: user.subscription, credits: await creditsOf(user), charges: data.length }
}

describe('the form of a plan change', () => {
  it('a plan change form with a proration date in the future is refused, so the last hour before a renewal has its full price', async () => {
    const user = await subscriber(deliveries)
    advance(context, 27)
    const form = await formFor(user, 'Creator')
    const later = new Date(new Date(form.prorationDate!).getTime() + 59 * 60_000)
    const cheaper = await context.stripe.invoices.createPreview({
      subscription: subscriptionIdOf(user),
      subscription_details: {
        items: [
          {
            id: (await context.stripe.subscriptions.retrieve(subscriptionIdOf(user))).items.data[0]!.id,
            price: (await context.stripe.prices.list({ lookup_keys: ['scrip_creator_month'] })).data[0]!.id,
          },
        ],
        proration_behavior: 'always_invoice',
        proration_date: Math.floor(later.getTime() / 1000),
      },
    })
    expect(cheaper.amount_due).toBeLessThan(Number(form.amountDue))
    const forged = { ...form, prorationDate: later.toISOString(), amountDue: String(cheaper.amount_due) }
    expect(await order(user, forged)).toMatchObject({ status: 409 })
    expect((await readUser(user._id)).subscription?.plan).toBe('Beginner')
    expect(await order(user, form)).toMatchObject({ to: '/billing?done=changed' })
    expect((await historyOf(user)).at(-1)).toMatchObject({ amount: Number(form.amountDue) })
  })

  it('a plan change form sent again with another proration date is answered and charged once', async () => {
    const user = await subscriber(deliveries)
    const form = await formFor(user, 'Daily')
    const answers = await Promise.all([order(user, form), order(user, { ...form, prorationDate: '' })])
    for (const answer of answers) expect(answer).not.toHaveProperty('error')
    await deliveries.deliver()
    expect((await readUser(user._id)).subscription?.plan).toBe('Daily')
    expect((await historyOf(user)).map(({ amount }) => amount).filter(Boolean)).toHaveLength(2)
    expect(await creditsOf(user)).toBe(2000)
    const creator = await formFor(user, 'Creator')
    expect(await order(user, { ...creator, nonce: form.nonce ?? '' })).toMatchObject({ to: '/billing?done=changed' })
    expect((await readUser(user._id)).subscription?.plan).toBe('Creator')
  })

  it('an invalid plan change form charges nothing and changes nothing', async () => {
    const user = await subscriber(deliveries)
    const form = await formFor(user, 'Daily')
    const before = await state(user)
    const odd = (changes: object): Fields => Object.entries({ ...form, ...changes })
    const without = (name: string): Fields => (Object.entries(form) as Fields).filter(([field]) => field !== name)
    const forms: Fields[] = [
      ...['-800', '1e300', 'NaN', 'Infinity', '0x10', '', ' ', '[800]', '8.5', `${Number(form.amountDue) - 1}`].map(
        (amountDue) => odd({ amountDue }),
      ),
      ...['__proto__', 'constructor', 'toString', 'daily', ' Daily', 'Daily ', 'Free', '', 'x'.repeat(60_000)].map(
        (plan) => odd({ plan }),
      ),
      ...['MONTH', 'constructor', '__proto__', 'week', ''].map((interval) => odd({ interval })),
      ...['', 'short', 'n'.repeat(101)].map((nonce) => odd({ nonce })),
      ...['yesterday', '9e99', '-1', 'null', '2026-13-45T99:99:99Z'].map((prorationDate) => odd({ prorationDate })),
      odd({ when: 'later' }),
      odd({ when: 'period-end' }),
      ...['plan', 'nonce', 'amountDue', 'prorationDate'].map(without),
      [...(Object.entries(form) as Fields), ['plan', 'Creator']],
      [...(Object.entries(form) as Fields), ['amountDue', '0']],
    ]
    for (const fields of forms) {
      const answer = await order(user, fields)
      expect(answer, JSON.stringify(fields).slice(0, 300)).not.toHaveProperty('error')
      if ('to' in answer) expect(answer.to).not.toContain('done')
    }
    expect(await state(user)).toEqual(before)
  })
})

it('the API sells only what is offered', async () => {
  const user = await aUser()
  const ask = async (body: string, type = 'application/json') => {
    const { url, headers } = await visitAs(user, '/api/checkout')
    headers.set('Content-Type', type)
    const answer = await checkout(args(new Request(url, { method: 'POST', headers, body })))
    return { status: answer.status, body: (await answer.json()) as unknown }
  }
  const malformed = [
    'null',
    '[]',
    '7',
    '{}',
    '['.repeat(20_000),
    '{"pack":1e400}',
    '{"plan":"Daily","interval":"Month"}',
  ]
  const both = '{"plan":"Daily","interval":"month","pack":"500"}'
  const more = ['"quantity":5', '"price":"price_1"', '"__proto__":{}'].map((field) => `{"pack":"500",${field}}`)
  const odd = ['{"plan":["Daily"],"interval":"month"}', '{"plan":{"$ne":null},"interval":"month"}']
  for (const body of [...malformed, both, ...more, ...odd]) expect((await ask(body)).status, body).toBe(400)
  for (const plan of ['__proto__', 'constructor', 'daily', ' Daily', 'Free', '']) {
    expect((await ask(JSON.stringify({ plan, interval: 'month' }))).status, plan).toBe(404)
  }
  for (const pack of ['__proto__', '501', 500.5, -0, '500 '])
    expect((await ask(JSON.stringify({ pack }))).status).toBe(404)
  expect((await ask('{"pack":"500"}', 'text/plain')).status).toBe(415)
  expect((await readUser(user._id)).stripeCustomerId).toBeUndefined()
  expect(await ask(both)).toMatchObject({
    body: { error: { message: expect.stringMatching(/^Send either a plan/) as unknown } },
  })
})

describe('malformed bodies', () => {
  const routes: [string, Action, string][] = [
    ['billing', billing, '/billing'],
    ['change', change, '/billing/change'],
    ['cancel', cancel, '/billing/cancel'],
    ['pricing', pricing, '/pricing'],
  ]
  it.each(routes)('a malformed body (%s) is refused, and nothing changes', async (_, action, path) => {
    const user = await subscriber(deliveries)
    const before = await state(user)
    const json = JSON.stringify({
      intent: 'pack',
      pack: '500',
      plan: 'Creator',
      interval: 'month',
      nonce: randomUUID(),
    })
    const bodies: [string, string][] = [
      [json, 'application/json'],
      ['<form/>', 'text/xml'],
      ['--x', 'multipart/form-data; boundary=y'],
      ['intent=restart', 'text/plain'],
    ]
    for (const [body, type] of bodies) {
      const answer = await post(action, user, path, body, type)
      expect(answer, type).not.toHaveProperty('error')
      expect(answer.status, type).toBeGreaterThanOrEqual(300)
    }
    expect(await state(user)).toEqual(before)
  })

  it('unknown intents and unknown packs are refused, and nothing changes', async () => {
    const user = await subscriber(deliveries)
    const before = await state(user)
    const nonce = randomUUID()
    for (const pack of ['501', '__proto__', 'constructor', '500 ', '5e2', '', '500,2000']) {
      const body = new URLSearchParams({ intent: 'pack', pack, nonce })
      expect(await post(billing, user, '/billing', body)).toMatchObject({ status: 400 })
    }
    const twice = new URLSearchParams([
      ['intent', 'portal'],
      ['intent', 'pack'],
    ])
    expect(await post(billing, user, '/billing', twice)).toMatchObject({ status: 302 })
    for (const intent of ['', 'PACK', 'constructor', 'resume ', 'cancel']) {
      const answer = await post(billing, user, '/billing', new URLSearchParams({ intent, pack: '500', nonce }))
      expect(answer).toMatchObject({ status: 400 })
    }
    expect(await state(user)).toEqual(before)
    expect((await auditGrants()).violations).toEqual([])
  })
})
