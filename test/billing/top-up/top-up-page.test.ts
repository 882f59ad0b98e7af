import { afterEach, describe, expect, test, vi } from 'vitest'
import { startSession } from '#app/auth/session.server.ts'
import { setNow } from '#app/clock.server.ts'
import { resetConfig } from '#app/config.server.ts'
import { refreshBillingDetails } from '#app/billing/billing-details/billing-details.server.ts'
import { runTopUps } from '#app/billing/top-up/run-top-ups.server.ts'
import { readTopUp } from '#app/billing/top-up/store.server.ts'
import { action, loader } from '#app/routes/_app.billing.top-up/route.tsx'
import type { User } from '#models/user.server.ts'
import { cookieOf, visit } from '#test/auth/users.ts'
import { useDatabase } from '#test/setup/database.ts'
import { aUser, creditsOf, Deliveries } from '../scenario.ts'
import { useStripe } from '../stripe.ts'
import { aCustomer, spendAndRun, useCard } from './customer.ts'

useDatabase()
const context = useStripe()
const line = new Deliveries(context)
afterEach(() => {
  vi.unstubAllEnvs()
  resetConfig()
  setNow(null)
})

const FORM = { pack: '500', below: '1,000', timesMax: '3', amountMax: '18' }

async function requestOf(user: User, fields?: Record<string, string>): Promise<Request> {
  const headers = { Cookie: cookieOf(await startSession(visit('/login'), user)) }
  const body = fields && new URLSearchParams(fields)
  return new Request('http://localhost:3000/billing/top-up', { method: body ? 'POST' : 'GET', headers, body })
}

const shown = async (user: User) => loader({ request: await requestOf(user), params: {}, context: {} })
const send = async (user: User, fields: Record<string, string>) =>
  action({ request: await requestOf(user, fields), params: {}, context: {} })

function reviewOf(answer: Awaited<ReturnType<typeof send>>) {
  if (!('data' in answer) || !('review' in answer.data)) throw new Error('it is no review')
  return answer.data.review
}

describe('the page of automatic top-up', () => {
  test('the review names card, sum, limits and what happens first; turning it on does exactly that', async () => {
    const user = await aCustomer(line)
    await refreshBillingDetails(user._id)

    const review = reviewOf(await send(user, { ...FORM, intent: 'review' }))
    expect(review).toEqual({
      hasCard: true,
      sentences: [
        'When your balance falls below 1,000 credits, we charge Visa ending in 4242 $6.00 for 500 credits, without asking you again: at most 3 times and $18.00 a month.',
        'Your balance is 120 now, so $6.00 is charged as soon as you turn this on.',
      ],
      sent: { ...FORM, price: '600' },
    })
    expect((await readTopUp(user._id))?.below).toBe(100)

    await send(user, { ...review.sent, intent: 'turn-on' })
    await runTopUps()
    expect(await creditsOf(user)).toBe(620)
    expect(await shown(user)).toMatchObject({
      topUp: {
        isOn: true,
        month: '1 of 3 top-ups, $6.00 of $18.00',
        notice: null,
        progress: null,
        fields: { pack: '500', below: '1000', timesMax: '3', amountMax: '18' },
      },
    })
  })

  test('a price that has changed since the review is reviewed again, and nothing is agreed', async () => {
    const user = await aCustomer(line)
    const review = reviewOf(await send(user, { ...FORM, price: '500', intent: 'turn-on' }))
    expect(review.sent['price']).toBe('600')
    expect((await readTopUp(user._id))?.below).toBe(100)
  })

  test.each([
    ['pack', { pack: '7' }],
    ['below', { below: '0' }],
    ['below', { below: '1.5' }],
    ['timesMax', { timesMax: '31' }],
    ['amountMax', { amountMax: '5.99' }],
    ['amountMax', { amountMax: '-20' }],
    ['amountMax', { amountMax: '1e3' }],
  ])('a wrong %s (%j) is named, and nothing changes', async (field, wrong) => {
    const user = await aUser()
    const answer = await send(user, { ...FORM, ...wrong, intent: 'turn-on' })
    if (!('data' in answer) || !('result' in answer.data)) throw new Error('it was accepted')
    expect(Object.keys(answer.data.result.error ?? {})).toEqual([field])
    expect(await readTopUp(user._id)).toBeNull()
  })

  test('an address that is not confirmed has to be confirmed first', async () => {
    vi.stubEnv('REQUIRE_CONFIRMED_EMAIL', 'true')
    resetConfig()
    const user = await aUser()
    const answer = await send(user, { ...FORM, price: '600', intent: 'turn-on' })
    expect(answer).toBeInstanceOf(Response)
    expect((answer as Response).headers.get('Location')).toContain('/verify-email')
    expect(await readTopUp(user._id)).toBeNull()
  })

  test('a confirmation that the bank wants is shown with Stripe’s page, and a stop with its reason', async () => {
    const user = await aCustomer(line, { card: 'pm_card_authenticationRequired' })
    await spendAndRun(user, 50)
    expect((await shown(user)).topUp).toMatchObject({
      isOn: false,
      notice: 'Your bank wants you to confirm the payment of $6.00. Automatic top-up is paused until then.',
      confirmUrl: expect.stringContaining('http') as string,
    })

    await send(user, { intent: 'turn-off' })
    expect((await shown(user)).topUp).toMatchObject({ isOff: true, notice: null, confirmUrl: null })
    await useCard(context, user, 'pm_card_chargeCustomerFail')
    await send(user, { ...FORM, price: '600', intent: 'turn-on' })
    await runTopUps()
    expect((await shown(user)).topUp).toMatchObject({
      isOn: true,
      progress: expect.stringMatching(/^The last payment was declined. The next one is tried on /) as string,
    })
  })
})
