import { afterEach, describe, expect, it, vi } from 'vitest'
import { billingDetailsOf, refreshBillingDetails } from '#app/billing/billing-details/billing-details.server.ts'
import { createPortalSession } from '#app/billing/customers/billing-portal.server.ts'
import type { BillingDetails } from '#models/billing-details.server.ts'
import { type User, UserModel } from '#models/user.server.ts'
import { type WebhookEvent, WebhookEventModel } from '#models/webhook-event.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { useSandboxClock } from '../clock.ts'
import { subscriber, subscriptionIdOf } from '../customers.ts'
import { aUser, Deliveries, post, readUser, type PostedEvent } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

const context = useStripe()
useDatabase()
useSandboxClock(context)
const deliveries = new Deliveries(context)

afterEach(() => {
  vi.restoreAllMocks()
  context.sandbox.faults.reset()
})

const keptOf = async ({ _id }: User) => (await readUser(_id)).billingDetails ?? null
const methodOf = async (user: User) => (await keptOf(user))?.paymentMethod ?? null
const forget = ({ _id }: User) => UserModel.updateOne({ _id }, { $unset: { billingDetails: true } })

/** Sets another card on the subscription at Stripe. @returns its id */
async function changeCard(user: User, token = 'pm_card_mastercard'): Promise<string> {
  const { id } = await context.stripe.paymentMethods.attach(token, { customer: user.stripeCustomerId! })
  await context.stripe.subscriptions.update(subscriptionIdOf(user), { default_payment_method: id })
  return id
}

/** The same event under another type, because the API cannot cause some types. */
const postAs = (type: string, event: PostedEvent | undefined) =>
  post(JSON.stringify({ ...event, id: `${event!.id}_as`, type }))

describe('the payment method', () => {
  it('the payment method and the address of a checkout are stored from its events', async () => {
    const user = await aUser()
    await deliveries.buy({ user, plan: 'Beginner', interval: 'month' })
    const { stripeCustomerId } = await readUser(user._id)
    await context.stripe.customers.update(stripeCustomerId!, {
      name: 'Ada Lovelace',
      address: { line1: '1 Main Street', city: 'Springfield', state: 'IL', postal_code: '62701', country: 'US' },
    })
    await deliveries.deliver()

    expect(await keptOf(user)).toMatchObject({
      paymentMethod: { type: 'card', brand: 'visa', last4: '4242', expMonth: 12 },
      name: 'Ada Lovelace',
      address: { line1: '1 Main Street', line2: null, city: 'Springfield', postalCode: '62701', country: 'US' },
      taxIds: [],
    })
  })

  it('billing details that are not stored yet are read on the first visit, and not again on the next', async () => {
    const user = await subscriber(deliveries)
    await forget(user)

    expect(await billingDetailsOf(await readUser(user._id))).toMatchObject({
      state: 'read',
      details: { paymentMethod: { last4: '4242' } },
    })
    context.sandbox.faults.api = [{ failure: 500 }]
    expect(await billingDetailsOf(await readUser(user._id))).toMatchObject({ state: 'read' })
  })

  it('the subscription’s payment method comes before the customer’s default, and one that is only attached is never charged', async () => {
    const user = await subscriber(deliveries)
    const customer = user.stripeCustomerId!
    const { id } = await context.stripe.paymentMethods.attach('pm_card_mastercard', { customer })
    await refreshBillingDetails(user._id)
    expect(await methodOf(user)).toMatchObject({ brand: 'visa', last4: '4242' })

    await context.stripe.paymentMethods.detach((await methodOf(user))!.stripePaymentMethodId)
    await refreshBillingDetails(user._id)
    expect(await methodOf(user)).toBeNull()

    await context.stripe.customers.update(customer, { invoice_settings: { default_payment_method: id } })
    await refreshBillingDetails(user._id)
    expect(await methodOf(user)).toMatchObject({ stripePaymentMethodId: id, brand: 'mastercard', last4: '4444' })
  })

  it('the payment method of an ended subscription is not charged any more', async () => {
    const user = await subscriber(deliveries)
    await context.stripe.subscriptions.cancel(subscriptionIdOf(user))
    await deliveries.deliver()

    expect(await keptOf(user)).toMatchObject({ paymentMethod: null })
  })

  it('a bank account has its kind and last four digits, and no expiry', async () => {
    const user = await subscriber(deliveries)
    const customer = user.stripeCustomerId!
    const debit = await context.stripe.paymentMethods.create({
      type: 'sepa_debit',
      sepa_debit: { iban: 'AT611904300234573201' },
      billing_details: { name: 'Ada', email: 'ada@example.com' },
    })
    await context.stripe.paymentMethods.attach(debit.id, { customer })
    await context.stripe.subscriptions.update(subscriptionIdOf(user), { default_payment_method: debit.id })
    await deliveries.deliver()

    expect(await methodOf(user)).toMatchObject({
      type: 'sepa_debit',
      brand: null,
      last4: debit.sepa_debit!.last4,
      expMonth: null,
    })
  })
})

describe('a change of the card', () => {
  it('a card saved on Stripe’s page is stored from its events', async () => {
    const user = await subscriber(deliveries)
    const { url } = await createPortalSession(user, { updateCard: true })
    await fetch(`${url}/card`, {
      method: 'POST',
      redirect: 'manual',
      body: new URLSearchParams({ number: '5555555555554444' }),
    })
    expect(await methodOf(user)).toMatchObject({ last4: '4242' })
    await deliveries.deliver({ order: (events) => events.reverse() })

    expect(await methodOf(user)).toMatchObject({ brand: 'mastercard', last4: '4444', expMonth: 12, expYear: 2034 })
  })

  it('a card of the subscription alone is stored from customer.subscription.updated', async () => {
    const user = await subscriber(deliveries)
    await changeCard(user)
    await deliveries.deliver({ type: 'customer.subscription.updated' })
    deliveries.take()

    expect(await methodOf(user)).toMatchObject({ last4: '4444' })
  })

  it('a change of a subscription that keeps its card reads no billing details again', async () => {
    const user = await subscriber(deliveries)
    const before = await keptOf(user)
    await context.stripe.subscriptions.update(subscriptionIdOf(user), { metadata: { note: 'by the operator' } })
    await deliveries.deliver({ type: 'customer.subscription.updated' })
    deliveries.take()

    expect(await keptOf(user)).toEqual(before)
  })

  it.each(['payment_method.updated', 'payment_method.automatically_updated'])(
    'a card’s expiry after %s is what Stripe says now, whatever the event says',
    async (type) => {
      const user = await subscriber(deliveries)
      const { stripePaymentMethodId: id } = (await methodOf(user))!
      await context.stripe.paymentMethods.update(id, { card: { exp_month: 1, exp_year: 2040 } })
      const [old] = deliveries.take('payment_method.updated')
      await context.stripe.paymentMethods.update(id, { card: { exp_month: 3, exp_year: 2041 } })
      deliveries.take()
      await postAs(type, old)

      expect(await methodOf(user)).toMatchObject({ expMonth: 3, expYear: 2041 })
    },
  )

  it('a detached card is removed, also by payment_method.detached alone, which names no customer', async () => {
    const user = await subscriber(deliveries)
    const { stripePaymentMethodId: id } = (await methodOf(user))!
    await context.stripe.paymentMethods.detach(id)
    const [detached] = deliveries.take('payment_method.detached')
    deliveries.take()
    expect(detached!.data.object.customer).toBeNull()
    await post(JSON.stringify(detached))

    expect(await methodOf(user)).toBeNull()
  })

  it('the card of another customer is ignored', async () => {
    const { id: customer } = await context.stripe.customers.create({ name: 'Nobody here' })
    await context.stripe.paymentMethods.attach('pm_card_visa', { customer })
    const [attached] = deliveries.take('payment_method.attached')
    await post(JSON.stringify(attached))

    const { status, outcome } = (await WebhookEventModel.findById(attached!.id).lean<WebhookEvent>())!
    expect({ status, outcome }).toEqual({
      status: 'ignored',
      outcome: expect.stringContaining('not ours') as string,
    })
  })
})

it('an older answer from Stripe that arrives later does not overwrite a newer one', async () => {
  const user = await subscriber(deliveries)
  const updateOne = UserModel.updateOne.bind(UserModel)
  const late: string[] = []
  // This process has Stripe's answer and is about to write when the card changes and another process writes first.
  vi.spyOn(UserModel, 'updateOne').mockImplementation(((...args: Parameters<typeof updateOne>) => {
    const { billingDetails } = (args[1] as { $set: { billingDetails: BillingDetails } }).$set
    late.push(billingDetails.paymentMethod!.last4!)
    if (late.length > 1) return updateOne(...args)
    return (async () => {
      await changeCard(user)
      const newer = { ...billingDetails, name: 'Written by another process', version: 'of another process' }
      await UserModel.collection.updateOne({ _id: user._id }, { $set: { billingDetails: newer } })
      const missed = await updateOne(...args)
      expect(missed.matchedCount).toBe(0)
      return missed
    })()
  }) as typeof UserModel.updateOne)

  await refreshBillingDetails(user._id)

  expect(late).toEqual(['4242', '4444'])
  expect(await methodOf(user)).toMatchObject({ last4: '4444' })
})

describe('address and tax IDs', () => {
  it('the address and tax IDs follow customer.updated and customer.tax_id.*', async () => {
    const user = await subscriber(deliveries)
    const customer = user.stripeCustomerId!
    await context.stripe.customers.update(customer, {
      name: 'Analytical Engines GmbH',
      address: { line1: 'Hauptstraße 1', city: 'Berlin', postal_code: '10115', country: 'DE' },
    })
    const { id } = await context.stripe.customers.createTaxId(customer, { type: 'eu_vat', value: 'DE123456789' })
    await deliveries.deliver()
    expect(await keptOf(user)).toMatchObject({
      name: 'Analytical Engines GmbH',
      address: { line1: 'Hauptstraße 1', city: 'Berlin', state: null, postalCode: '10115', country: 'DE' },
      taxIds: [{ type: 'eu_vat', value: 'DE123456789' }],
    })

    await context.stripe.customers.deleteTaxId(customer, id)
    const [deleted] = deliveries.take('customer.tax_id.deleted')
    await postAs('customer.tax_id.updated', deleted)
    expect(await keptOf(user)).toMatchObject({ taxIds: [] })
  })

  it('an address and tax IDs that are empty at Stripe are stored as empty', async () => {
    const user = await subscriber(deliveries)
    await context.stripe.customers.update(user.stripeCustomerId!, { name: '', address: '' })
    await deliveries.deliver()

    expect(await keptOf(user)).toMatchObject({ name: null, address: null })
  })

  it('the address and tax IDs are deleted with the customer at Stripe', async () => {
    const user = await subscriber(deliveries)
    await context.stripe.customers.del(user.stripeCustomerId!)
    await deliveries.deliver()

    expect(await keptOf(user)).toBeNull()
    expect(await billingDetailsOf(await readUser(user._id))).toEqual({ state: 'none' })
  })
})

describe('an outage of Stripe', () => {
  it('a first visit says in time that Stripe does not answer, and the next one reads the details', async () => {
    const user = await subscriber(deliveries)
    await forget(user)
    context.sandbox.faults.api = [{ failure: 'timeout' }]
    const before = Date.now()
    expect(await billingDetailsOf(await readUser(user._id))).toEqual({ state: 'unavailable' })
    // Without the page's own deadline, two attempts take 20 seconds.
    expect(Date.now() - before).toBeLessThan(10_000)

    context.sandbox.faults.reset()
    expect(await billingDetailsOf(await readUser(user._id))).toMatchObject({ state: 'read' })
  })

  it('an event that needs Stripe is answered with 500, and takes effect when Stripe retries it', async () => {
    const user = await subscriber(deliveries)
    const id = await changeCard(user)
    const [attached] = deliveries.take('payment_method.attached')
    deliveries.take()
    context.sandbox.faults.api = [{ failure: 500 }]
    expect((await post(JSON.stringify(attached))).status).toBe(500)

    context.sandbox.faults.reset()
    expect((await post(JSON.stringify(attached))).status).toBe(200)
    expect(await methodOf(user)).toMatchObject({ stripePaymentMethodId: id })
  })
})

it('a user who has bought nothing has no customer, and no request goes to Stripe', async () => {
  context.sandbox.faults.api = [{ failure: 500 }]
  expect(await billingDetailsOf(await aUser())).toEqual({ state: 'none' })
})
