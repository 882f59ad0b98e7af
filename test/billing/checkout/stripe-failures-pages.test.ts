import type { LoaderFunctionArgs } from '@remix-run/node'
import { afterEach, describe, expect, it } from 'vitest'
import { startSession } from '#app/auth/session.server.ts'
import { changePlan } from '#app/billing/plan-changes/change-plan.server.ts'
import { resetConfig } from '#app/config.server.ts'
import { loader as layout } from '#app/routes/_app.tsx'
import { loader as billing } from '#app/routes/_app.billing._index/route.tsx'
import { loader as cancel } from '#app/routes/_app.billing.cancel/route.tsx'
import { loader as success } from '#app/routes/_app.billing.success/route.tsx'
import { loader as upgrade } from '#app/routes/_app.billing.upgrade.tsx'
import { loader as dashboard } from '#app/routes/_app.dashboard/route.tsx'
import { loader as usage } from '#app/routes/_app.usage/route.tsx'
import { loader as user } from '#app/routes/api.user.ts'
import { loader as pricing } from '#app/routes/pricing/route.tsx'
import type { User } from '#models/user.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { aUser, Deliveries, readUser } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

const context = useStripe()
useDatabase()
const deliveries = new Deliveries(context)

type Loader = (args: LoaderFunctionArgs) => Promise<unknown>

async function load(loader: unknown, path: string, who: User): Promise<unknown> {
  const cookie = (await startSession(new Request('http://localhost:3000'), who)).split(';')[0] ?? ''
  const request = new Request(`http://localhost:3000${path}`, { headers: { Cookie: cookie } })
  return (loader as Loader)({ request, params: {}, context: {} })
}

/** A user with a plan, a payment and a scheduled change, so that pages might ask Stripe. */
async function subscriber(): Promise<User> {
  const who = await aUser()
  await deliveries.buy({ user: who, plan: 'Creator', interval: 'month' })
  await deliveries.deliver()
  await changePlan(who, { plan: 'Daily', interval: 'month' })
  return readUser(who._id)
}

afterEach(() => {
  delete process.env.STRIPE_PATIENCE_SECONDS
  resetConfig()
  context.sandbox.faults.reset()
})

describe('a read-only page', () => {
  const pages: [string, unknown][] = [
    ['/dashboard', dashboard],
    ['/dashboard', layout],
    ['/usage', usage],
    ['/pricing', pricing],
    ['/billing', billing],
    ['/billing/cancel', cancel],
    ['/billing/upgrade?plan=Creator', upgrade],
    ['/api/user', user],
  ]
  it.each(pages)('the page %s sends no request to Stripe', async (path, loader) => {
    const who = await subscriber()
    const fault = { failure: 500 as const, times: 100 }
    context.sandbox.faults.api = [fault]
    await load(loader, path, who).catch((answer: unknown) => {
      if (!(answer instanceof Response) || answer.status >= 500) throw answer
    })
    expect(fault.times).toBe(100)
  })

  it('/billing shows the scheduled change while Stripe is down', async () => {
    const who = await subscriber()
    context.sandbox.faults.api = [{ failure: 500 }]
    expect(await load(billing, '/billing', who)).toMatchObject({
      notices: [{ text: expect.stringMatching(/^Your plan changes to Daily on /) as string, action: 'undo-change' }],
    })
  })
})

it.each([{ failure: 500 as const }, { failure: 'timeout' as const }])(
  'the page after the checkout says what it cannot know ($failure), and retries',
  async (fault) => {
    const who = await aUser()
    const session = await deliveries.buy({ user: who, pack: '500' })
    process.env.STRIPE_PATIENCE_SECONDS = '1'
    resetConfig()
    context.sandbox.faults.api = [fault]
    const path = `/billing/success?session_id=${session}`
    expect(await load(success, path, who)).toMatchObject({
      view: { state: 'waiting', title: 'We cannot check your payment right now.' },
      reload: expect.stringContaining(session) as string,
    })
    context.sandbox.faults.reset()
    await deliveries.deliver()
    expect(await load(success, path, who)).toMatchObject({ view: { state: 'arrived' }, reload: null })
  },
)
