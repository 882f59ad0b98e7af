import type { ActionFunctionArgs } from '@remix-run/node'
import { describe, expect, it } from 'vitest'
import { action, loader } from '#app/routes/_app.billing.change/route.tsx'
import type { User } from '#models/user.server.ts'
import { visitAs } from '#test/auth/users.ts'
import { useDatabase } from '#test/setup/database.ts'
import { subscriber } from '../customers.ts'
import { creditsOf, Deliveries, historyOf, readUser } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

const context = useStripe()
useDatabase()
const deliveries = new Deliveries(context)

const args = (request: Request): ActionFunctionArgs => ({ request, params: {}, context: {} })

/** The form on the current page. */
async function formFor(user: User, plan: string): Promise<Record<string, string>> {
  const request = await visitAs(user, `/billing/change?plan=${plan}&interval=month`)
  const { when, amountDue, prorationDate, nonce, interval, redirectTo } = await loader(args(request))
  return { plan, interval, redirectTo, when, amountDue: String(amountDue), prorationDate, nonce }
}

async function order(user: User, form: Record<string, string>) {
  const { url, headers } = await visitAs(user, '/billing/change')
  const answer = await action(args(new Request(url, { method: 'POST', headers, body: new URLSearchParams(form) })))
  return 'data' in answer
    ? { status: answer.init?.status, problem: answer.data.problem }
    : { status: answer.status, to: answer.headers.get('Location') }
}

describe('the form of a plan change', () => {
  it('an upgrade posted again after a larger one does not become a downgrade', async () => {
    const user = await subscriber(deliveries)
    const daily = await formFor(user, 'Daily')
    expect(await order(user, daily)).toMatchObject({ to: '/billing?done=changed' })
    expect(await order(user, await formFor(user, 'Creator'))).toMatchObject({ to: '/billing?done=changed' })
    const credits = await creditsOf(user)

    expect(await order(user, daily)).toMatchObject({
      status: 409,
      problem: expect.stringMatching(/plan has changed.*Review it again/) as unknown,
    })
    const [subscription] = (await context.stripe.subscriptions.list({ customer: user.stripeCustomerId! })).data
    expect(subscription?.schedule).toBeNull()
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Creator' })
    expect(await creditsOf(user)).toBe(credits)
    expect(await historyOf(user)).toHaveLength(3)
  })

  it('an amount other than the one shown is not charged', async () => {
    const user = await subscriber(deliveries)
    const form = await formFor(user, 'Daily')
    expect(await order(user, { ...form, amountDue: '1' })).toMatchObject({
      status: 409,
      problem: expect.stringMatching(/amount changed to \$\d+\.\d\d/) as unknown,
    })
    expect(await historyOf(user)).toHaveLength(1)
    expect(await order(user, form)).toMatchObject({ to: '/billing?done=changed' })
    expect((await historyOf(user)).at(-1)).toMatchObject({ amount: Number(form.amountDue) })
  })

  it('a coupon added meanwhile changes the amount, which is shown again for confirmation', async () => {
    const user = await subscriber(deliveries)
    const form = await formFor(user, 'Creator')
    const coupon = await context.stripe.coupons.create({ percent_off: 50, duration: 'forever' })
    await context.stripe.subscriptions.update(user.subscription!.stripeSubscriptionId!, {
      discounts: [{ coupon: coupon.id }],
    })
    expect(await order(user, form)).toMatchObject({
      status: 409,
      problem: expect.stringContaining('amount changed') as unknown,
    })
    const again = await formFor(user, 'Creator')
    expect(Number(again.amountDue)).toBeLessThan(Number(form.amountDue))
    expect(await order(user, again)).toMatchObject({ to: '/billing?done=changed' })
  })
})
