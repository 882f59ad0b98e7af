import { randomUUID } from 'node:crypto'
import type { ActionFunctionArgs } from '@remix-run/node'
import { describe, expect, it } from 'vitest'
import { consumeAttempt } from '#app/auth/rate-limit.server.ts'
import { createCheckout } from '#app/billing/checkout/create-checkout.server.ts'
import { IdempotencyConflict } from '#app/credits/errors.ts'
import { freezeSpending } from '#app/credits/freeze.server.ts'
import { action as billingAction, loader as billingLoader } from '#app/routes/_app.billing._index/route.tsx'
import { loader as changeLoader } from '#app/routes/_app.billing.change/route.tsx'
import { loader as successLoader } from '#app/routes/_app.billing.success/route.tsx'
import { action as checkoutAction } from '#app/routes/api.checkout.ts'
import type { User } from '#models/user.server.ts'
import { asKey, call, errorOf, newCaller } from '#test/api/caller.ts'
import { visitAs } from '#test/auth/users.ts'
import { useDatabase } from '#test/setup/database.ts'
import { aUser, sessionIdOf } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

const context = useStripe()
useDatabase()

const args = (request: Request): ActionFunctionArgs => ({ request, params: {}, context: {} })
const visit = async (user: User, path: string) => args(await visitAs(user, path))

async function press(user: User, fields: Record<string, string>) {
  const { url, headers } = await visitAs(user, '/billing')
  const answer = await billingAction(
    args(new Request(url, { method: 'POST', headers, body: new URLSearchParams(fields) })),
  )
  return 'data' in answer
    ? { status: answer.init?.status, problem: answer.data.problem, headers: new Headers(answer.init?.headers) }
    : { status: answer.status, problem: null, headers: answer.headers }
}

const pack = () => ({ intent: 'pack', pack: '500', nonce: randomUUID() })

describe('a pack while spending is paused', () => {
  it('a pack is not sold during a dispute, on the page and over the API, and both say why', async () => {
    const caller = await newCaller()
    await freezeSpending(caller.user._id, 'dispute')

    const answer = await call(checkoutAction, '/api/checkout', {
      method: 'POST',
      headers: asKey(caller),
      body: { pack: '500' },
    })
    expect(answer.status).toBe(409)
    const error = await errorOf(answer)
    expect(error).toMatchObject({ code: 'pack_not_spendable', reason: 'dispute' })
    expect(error.message).toContain('contact your bank')

    const refused = await press(caller.user, pack())
    expect(refused).toMatchObject({ status: 409, problem: error.message })
    const page = await billingLoader(await visit(caller.user, '/billing'))
    expect(page.packWarning).toEqual({ text: error.message, isRefused: true })
  })

  it('a pack is sold while a payment is due, and the page first says that spending stays paused and how to resume it', async () => {
    const { user } = await newCaller()
    await freezeSpending(user._id, 'past_due')

    const { packWarning } = await billingLoader(await visit(user, '/billing'))
    expect(packWarning).toMatchObject({ isRefused: false })
    expect(packWarning?.text).toContain('stays paused after you buy a pack')
    const { url } = await createCheckout({ user, pack: '500' }, { nonce: randomUUID() })
    expect((await context.stripe.checkout.sessions.retrieve(sessionIdOf(url))).status).toBe('open')
  })
})

describe('the idempotency key of a purchase', () => {
  it('a key used for another plan or pack is refused with 409, and opens its own page again', async () => {
    const caller = await newCaller()
    const key = randomUUID()
    const order = (body: object) =>
      call(checkoutAction, '/api/checkout', { method: 'POST', headers: asKey(caller, key), body })

    const first = await order({ plan: 'Daily', interval: 'month' })
    expect(first.status).toBe(200)
    for (const other of [
      { plan: 'Creator', interval: 'month' },
      { plan: 'Daily', interval: 'year' },
      { pack: '500' },
    ]) {
      const answer = await order(other)
      expect(answer.status).toBe(409)
      expect(await errorOf(answer)).toMatchObject({ code: 'idempotency_conflict' })
    }
    expect(await (await order({ plan: 'Daily', interval: 'month' })).json()).toEqual(await first.json())
  })

  it('the key of one buyer does not affect another’s, and of two requests at once one decides', async () => {
    const [one, two] = await Promise.all([aUser(), aUser()])
    const shared = { nonce: randomUUID(), isIdempotencyKey: true }
    await createCheckout({ user: one, pack: '500' }, shared)
    await createCheckout({ user: two, pack: '2000' }, shared)

    const race = { nonce: randomUUID(), isIdempotencyKey: true }
    const results = await Promise.allSettled(['500', '2000'].map((id) => createCheckout({ user: one, pack: id }, race)))
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(results.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: expect.any(IdempotencyConflict) as unknown,
    })
  })
})

describe('the limit on checkouts per user', () => {
  it('checkouts have a limit per user, and pages and the API say when to try again', async () => {
    const caller = await newCaller()
    const [busy, other] = [caller.user, await aUser()]
    await consumeAttempt('payment', busy._id.toHexString(), 119)
    expect((await press(busy, pack())).status).toBe(302)

    const page = await press(busy, pack())
    expect(page.status).toBe(429)
    expect(Number(page.headers.get('Retry-After'))).toBeGreaterThan(0)
    const api = await call(checkoutAction, '/api/checkout', {
      method: 'POST',
      headers: asKey(caller),
      body: { pack: '500' },
    })
    expect(api.status).toBe(429)
    expect(Number(api.headers.get('Retry-After'))).toBeGreaterThan(0)
    const preview = await changeLoader(await visit(busy, '/billing/change?plan=Daily')).catch((error: unknown) => error)
    expect(preview).toMatchObject({ status: 429 })
    expect((await press(other, pack())).status).toBe(302)
  })

  it('checks for an arrived payment have a limit per user', async () => {
    const user = await aUser()
    await consumeAttempt('paymentLook', user._id.toHexString(), 180)
    const answer = await successLoader(await visit(user, '/billing/success?session_id=cs_test_x')).catch(
      (error: unknown) => error,
    )
    expect(answer).toMatchObject({ status: 429 })
    expect(Number((answer as Response).headers.get('Retry-After'))).toBeGreaterThan(0)
  })
})
