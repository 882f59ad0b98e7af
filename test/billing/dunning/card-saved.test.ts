import { describe, expect, it } from 'vitest'
import { cardStatus } from '#app/billing/dunning/card-status.server.ts'
import { createPortalSession } from '#app/billing/customers/billing-portal.server.ts'
import { loader } from '#app/routes/_app.billing.card-saved/route.tsx'
import { toCardView } from '#app/routes/_app.billing.card-saved/card-view.ts'
import type { User } from '#models/user.server.ts'
import { visitAs } from '#test/auth/users.ts'
import { useDatabase } from '#test/setup/database.ts'
import { useSandboxClock } from '../clock.ts'
import { overdueSubscriber, subscriber } from '../customers.ts'
import { creditsOf, Deliveries, readUser } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

const context = useStripe()
useDatabase()
const deliveries = new Deliveries(context)
useSandboxClock(context)

/** What Stripe's page does when a user saves another card there. */
async function save(user: User, token: string): Promise<void> {
  const customer = user.stripeCustomerId!
  const { id } = await context.stripe.paymentMethods.attach(token, { customer })
  await context.stripe.customers.update(customer, { invoice_settings: { default_payment_method: id } })
}

const statusOf = async (user: User) => cardStatus(await readUser(user._id))
const titleOf = async (user: User, isSlow = false) => toCardView(await statusOf(user), { isSlow }).title
const pageOf = async (user: User) => {
  const { url, headers } = await visitAs(user, '/billing/card-saved')
  return loader({ request: new Request(url, { headers }), params: {}, context: {} })
}

describe('a new card while a payment is open', () => {
  it('a new card is shown as pending until the payment is known, and then as paid with its credits', async () => {
    const user = await overdueSubscriber(deliveries)
    await save(user, 'pm_card_visa')
    expect(await titleOf(user)).toBe('Card saved. Paying $10.00…')
    expect(await titleOf(user, true)).toBe('Your card is saved.')
    expect(await pageOf(user)).toMatchObject({ view: { isWaiting: true } })

    await deliveries.deliver({ type: 'customer.updated' })
    await deliveries.deliver()
    expect(await statusOf(user)).toEqual({ state: 'paid', amount: 1000, currency: 'usd', credits: 1000 })
    expect(await pageOf(user)).toMatchObject({
      view: { isWaiting: false, title: 'Card saved. $10.00 paid.', text: '1,000 credits were added.' },
    })
    expect(await creditsOf(user)).toBe(2000)
  })

  it('a new card that is declined too is reported, with a link to use another one', async () => {
    const user = await overdueSubscriber(deliveries)
    await save(user, 'pm_card_chargeCustomerFail')
    await deliveries.deliver()
    expect(toCardView(await statusOf(user), { isSlow: false })).toMatchObject({
      isWaiting: false,
      title: 'Your new card was declined.',
      action: { kind: 'another-card' },
    })
  })

  it('a new card that requires authentication leads to the bank', async () => {
    const user = await overdueSubscriber(deliveries)
    await save(user, 'pm_card_authenticationRequired')
    await deliveries.deliver()
    expect(toCardView(await statusOf(user), { isSlow: false })).toMatchObject({
      isWaiting: false,
      title: 'Your bank wants to confirm the payment of $10.00.',
      action: { kind: 'bank', url: expect.stringContaining('/i/') as string },
    })
  })

  it('the page of a new card claims nothing while Stripe does not answer, and retries', async () => {
    const user = await overdueSubscriber(deliveries)
    context.sandbox.faults.api = [{ failure: 500 }]
    expect(await pageOf(user)).toMatchObject({
      view: { isWaiting: true, title: 'We cannot check your payment right now.' },
    })
    context.sandbox.faults.reset()
  })
})

it('a card saved without an open payment is only saved', async () => {
  const user = await subscriber(deliveries)
  await save(user, 'pm_card_visa')
  expect(await titleOf(user)).toBe('Card saved.')
  await deliveries.deliver()
  expect(await titleOf(user)).toBe('Card saved.')
})

it('Stripe’s card page returns there if a card was saved, and to billing if not', async () => {
  const user = await subscriber(deliveries)
  const { url } = await createPortalSession(user, { updateCard: true })
  const sessions = [...context.sandbox.world.tables.portalSessions.oldestFirst()]
  expect(sessions.find((session) => session.url === url)).toMatchObject({
    return_url: 'http://localhost:3000/billing',
    flow: { after_completion: { redirect: { return_url: 'http://localhost:3000/billing/card-saved' } } },
  })
})
