import type { LoaderFunctionArgs } from '@remix-run/node'
import { describe, expect, it } from 'vitest'
import { loader } from '#app/routes/_app.billing.change/route.tsx'
import type { Refused } from '#app/routes/_app.billing.change/refused.tsx'
import { loader as upgrade } from '#app/routes/_app.billing.upgrade.tsx'
import type { User } from '#models/user.server.ts'
import { visitAs } from '#test/auth/users.ts'
import { useDatabase } from '#test/setup/database.ts'
import { addOnPrice, sellByHand } from '../by-hand.ts'
import { useSandboxClock } from '../clock.ts'
import { overdueSubscriber, subscriber, subscriptionIdOf } from '../customers.ts'
import { planPrice } from '../plan.ts'
import { aUser, Deliveries, readUser } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

const context = useStripe()
useDatabase()
useSandboxClock(context)
const deliveries = new Deliveries(context)

/** The refusal on the page of a plan change. */
async function refused(user: User, search: string): Promise<Refused & { status: number | undefined }> {
  const args: LoaderFunctionArgs = {
    request: await visitAs(user, `/billing/change?${search}`),
    params: {},
    context: {},
  }
  const thrown = await loader(args).then(
    () => null,
    (error: unknown) => error as { data: Refused; init: ResponseInit | null },
  )
  expect(thrown).toHaveProperty('data.title')
  return { ...thrown!.data, status: thrown!.init?.status }
}

describe('a refused plan change', () => {
  it('a change to the current plan is refused with the other billing interval as an option', async () => {
    const user = await subscriber(deliveries)
    expect(await refused(user, 'plan=Beginner&interval=month')).toMatchObject({
      status: 409,
      title: 'You already have Beginner, paid monthly',
      way: { to: '/billing/change?plan=Beginner&interval=year' },
    })
  })

  it('a change to yearly beside a monthly add-on on a classic subscription is refused with a link to support', async () => {
    const items = [{ price: await addOnPrice(context) }, { price: await planPrice('Daily') }]
    const { _id } = await sellByHand(context, items, { billing_mode: { type: 'classic' } })
    await deliveries.deliver()
    const user = await readUser(_id)
    expect(await refused(user, 'plan=Daily&interval=year')).toMatchObject({
      status: 409,
      text: expect.stringMatching(/also has Priority queue, paid monthly\. A plan that is paid yearly/) as string,
      way: { to: '/support' },
    })
  })

  it('a change while a payment is open is refused with a link to the card', async () => {
    const user = await overdueSubscriber(deliveries)
    expect(await refused(user, 'plan=Daily&interval=month')).toMatchObject({
      text: expect.stringContaining('still open') as string,
      notices: [{ action: 'update-card' }],
    })
  })

  it('a change while the plan is paused is refused with a way to resume it', async () => {
    const user = await subscriber(deliveries)
    await context.stripe.subscriptions.pause(subscriptionIdOf(user))
    await deliveries.deliver()
    expect(await refused(await readUser(user._id), 'plan=Daily&interval=month')).toMatchObject({
      text: expect.stringContaining('is paused') as string,
      notices: [{ action: 'restart' }],
    })
  })

  it('a downgrade of a plan that the shop ends in this period is refused with a link to support', async () => {
    const user = await subscriber(deliveries, { plan: 'Daily' })
    const cancel_at = context.sandbox.now() + 20 * 86_400
    await context.stripe.subscriptions.update(subscriptionIdOf(user), { cancel_at })
    expect(await refused(user, 'plan=Beginner&interval=month')).toMatchObject({
      text: expect.stringContaining('We set the end date') as string,
      way: { to: '/support' },
    })
  })

  it.each(['Beginner', 'Creator'])(
    'a change to %s while the shop has scheduled several changes is refused with a link to support',
    async (to) => {
      const user = await subscriber(deliveries, { plan: 'Daily' })
      const { stripe } = context
      const { id, phases } = await stripe.subscriptionSchedules.create({ from_subscription: subscriptionIdOf(user) })
      const { start_date, end_date, items } = phases[0]!
      const planned = async (name: string) => ({
        items: [{ price: await planPrice(name) }],
        duration: { interval: 'month' as const, interval_count: 1 },
      })
      const now = { start_date, end_date, items: items.map(({ price }) => ({ price: price as string })) }
      await stripe.subscriptionSchedules.update(id, {
        phases: [now, await planned('Creator'), await planned('Beginner')],
      })
      await deliveries.deliver()

      expect(await refused(await readUser(user._id), `plan=${to}&interval=month`)).toMatchObject({
        status: 409,
        text: expect.stringContaining('Several changes to your plan') as string,
        way: { to: '/support' },
      })
      expect((await stripe.subscriptionSchedules.retrieve(id)).status).toBe('active')
    },
  )

  it.each([
    ['Free', 'plan=Free&interval=month', 'To go back to Free, cancel your plan'],
    ['an unknown plan', 'plan=Huge&interval=month', 'This plan does not exist'],
    ['an address without a plan', '', 'This plan does not exist'],
  ])('a change is refused: %s', async (_, search, title) => {
    expect(await refused(await subscriber(deliveries), search)).toMatchObject({ status: 404, title })
  })

  it('a change without a plan leads to the checkout', async () => {
    const request = await visitAs(await aUser(), '/billing/change?plan=Daily&interval=month')
    const answer = await loader({ request, params: {}, context: {} }).catch((error: unknown) => error)
    expect((answer as Response).headers.get('Location')).toBe('/pricing?plan=Daily&interval=month')
  })
})

it.each([
  ['feature=svgExport', 'Beginner includes '],
  ['plan=Beginner', 'Beginner includes this already.'],
])('the page of a larger plan (%s) never offers the current plan', async (search, sentence) => {
  const request = await visitAs(await subscriber(deliveries), `/billing/upgrade?${search}`)
  const page = await upgrade({ request, params: {}, context: {} })
  expect(page).toMatchObject({ ways: [], sentence: expect.stringContaining(sentence) as string })
})
