import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { balanceInWords } from '#app/routes/_app.billing._index/balance-words.ts'
import { createCheckout } from '#app/billing/checkout/create-checkout.server.ts'
import { checkoutStatus } from '#app/billing/checkout/checkout-status.server.ts'
import { reconcile } from '#app/billing/reconcile/reconcile.server.ts'
import { syncSubscriptions } from '#app/billing/subscriptions/sync-subscriptions.server.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import { toPlanView } from '#app/routes/_app.billing._index/plan-view.ts'
import { toSuccessView } from '#app/routes/_app.billing.success/success-view.ts'
import { currentPlanStatus } from '#app/plan-status/current-plan-status.server.ts'
import { NotificationModel } from '#models/notification.server.ts'
import { type User, UserModel } from '#models/user.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { useSandboxClock } from '../clock.ts'
import { subscriber } from '../customers.ts'
import { aUser, Deliveries, post, readUser, sessionIdOf } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

const context = useStripe()
useDatabase()
useSandboxClock(context)
const deliveries = new Deliveries(context)

const balanceOf = async ({ _id }: User) => (await readUser(_id)).stripeBalance
const mailsOf = ({ _id: userId }: User) => NotificationModel.find({ userId, kind: 'duplicate_canceled' }).lean()

/** What the billing page shows beside the plan. */
async function stubOf({ _id }: User) {
  const user = await readUser(_id)
  return toPlanView(currentPlanStatus(user, await getBalance(_id)), user.stripeBalance).stub
}

async function successOf({ _id }: User, session: string) {
  const status = await checkoutStatus(await readUser(_id), session)
  const balance = await getBalance(_id)
  const standing = currentPlanStatus(await readUser(_id), balance)
  return toSuccessView({ ...status, balance: balance.credits, standing, isSlow: false })
}

/** Beginner and Daily, paid in two tabs one after the other. */
async function boughtInTwoTabs() {
  const user = await aUser()
  const sessions = []
  for (const plan of ['Beginner', 'Daily']) {
    const { url } = await createCheckout({ user, plan, interval: 'month' }, { nonce: randomUUID() })
    sessions.push(sessionIdOf(url))
  }
  for (const session of sessions) context.sandbox.completeCheckout(session)
  await deliveries.deliver()
  await deliveries.deliver()
  return { user: await readUser(user._id), first: sessions[0]!, second: sessions[1]! }
}

describe('two plans paid in two tabs', () => {
  it('two plans paid in two tabs are reported by mail and on each page, with which one stays and where the money is', async () => {
    const { user, first, second } = await boughtInTwoTabs()
    expect(await balanceOf(user)).toMatchObject({ amount: -1000, currency: 'usd' })
    const facts = { plan: 'Beginner', keptPlan: 'Daily', amount: 1000, currency: 'usd', credits: 1000 }
    expect(await mailsOf(user)).toMatchObject([{ data: facts }])
    expect(user.canceledDuplicates).toMatchObject([facts])
    expect(await stubOf(user)).toContainEqual({
      term: 'Account balance',
      value: '$10.00 credit',
      note: 'Pays your next invoices before your card is charged.',
    })
    expect(await successOf(user, first)).toMatchObject({
      title: 'Beginner was canceled.',
      text: expect.stringMatching(
        /Daily stays and Beginner was canceled.*\$10\.00 was credited.*1,000 credits/,
      ) as string,
      figure: null,
    })
    expect(await successOf(user, second)).toMatchObject({
      figure: '2,000',
      text: expect.stringContaining('Beginner was canceled') as string,
    })
  })

  it('two plans paid in two tabs are reported once, however often events arrive and even after a crash', async () => {
    const { user } = await boughtInTwoTabs()
    await NotificationModel.deleteMany({ userId: user._id, kind: 'duplicate_canceled' })
    await UserModel.updateOne({ _id: user._id }, { $set: { canceledDuplicates: [] } })
    await Promise.all([syncSubscriptions(user._id), syncSubscriptions(user._id)])
    for (const event of context.sandbox.events('customer.subscription.*').slice(-4)) {
      await post(JSON.stringify({ ...event, id: `${event.id}_again` }))
    }
    expect(await mailsOf(user)).toHaveLength(1)
    expect((await readUser(user._id)).canceledDuplicates).toHaveLength(1)
  })

  it('two plans paid in two tabs are not mailed about when they are found a week later', async () => {
    const { user } = await boughtInTwoTabs()
    await UserModel.updateOne({ _id: user._id }, { $set: { canceledDuplicates: [] } })
    await NotificationModel.deleteMany({ userId: user._id, kind: 'duplicate_canceled' })
    context.sandbox.advance(8 * 86_400)
    await syncSubscriptions(user._id)
    expect(await mailsOf(user)).toHaveLength(0)
  })
})

describe('the customer’s balance at Stripe', () => {
  it('the balance from a plan change in the portal is on the billing page', async () => {
    const user = await subscriber(deliveries, { plan: 'Creator' })
    const { data } = await context.stripe.subscriptions.list({ customer: user.stripeCustomerId! })
    const [daily] = (await context.stripe.prices.list({ limit: 100 })).data.filter(
      ({ unit_amount, recurring }) => unit_amount === 1800 && recurring?.interval === 'month',
    )
    const items = [{ id: data[0]!.items.data[0]!.id, price: daily!.id }]
    await context.stripe.subscriptions.update(data[0]!.id, { items, proration_behavior: 'always_invoice' })
    await deliveries.deliver()
    expect(await balanceOf(user)).toMatchObject({ amount: -2200 })
    expect(await stubOf(user)).toContainEqual(expect.objectContaining({ value: '$22.00 credit' }))
  })

  it('the balance follows a credit note and the renewals it pays, and leaves the page once it is used up', async () => {
    const user = await subscriber(deliveries)
    const customer = user.stripeCustomerId!
    const [invoice] = (await context.stripe.invoices.list({ customer })).data
    await context.stripe.creditNotes.create({ invoice: invoice!.id, amount: 1000, credit_amount: 1000 })
    await deliveries.deliver()
    expect(await balanceOf(user)).toMatchObject({ amount: -1000 })
    context.sandbox.advance(32 * 86_400)
    await deliveries.deliver({ order: (events) => events.reverse() })
    expect(await balanceOf(user)).toMatchObject({ amount: 0 })
    expect((await stubOf(user)).map(({ term }) => term)).not.toContain('Account balance')
  })

  it('the balance is what Stripe says now, whatever an old event says', async () => {
    const user = await subscriber(deliveries)
    const give = (amount: number) =>
      context.stripe.customers.createBalanceTransaction(user.stripeCustomerId!, { amount, currency: 'usd' })
    await give(-700)
    const [old] = deliveries.take('customer.updated')
    await give(200)
    await deliveries.deliver()
    await post(JSON.stringify(old))
    expect(await balanceOf(user)).toMatchObject({ amount: -500, currency: 'usd' })
  })

  it('a balance without an event is found by reconcile', async () => {
    const user = await subscriber(deliveries)
    const customer = user.stripeCustomerId!
    await context.stripe.customers.createBalanceTransaction(customer, { amount: -300, currency: 'usd' })
    deliveries.take()
    await reconcile()
    expect(await balanceOf(user)).toMatchObject({ amount: -300 })
    expect(await reconcile()).toMatchObject({ done: [], failed: [] })
  })

  it.each([
    [null, true, null],
    [{ amount: 0, currency: 'usd' }, true, null],
    [{ amount: -1050, currency: 'jpy' }, true, '¥1,050 credit: Pays your next invoices before your card is charged.'],
    [
      { amount: -1050, currency: 'eur' },
      false,
      '€10.50 credit: Pays the invoices of your next plan. Credit packs are paid by card.',
    ],
    [{ amount: 30, currency: 'usd' }, true, '$0.30 owed: Added to your next invoice.'],
  ])('a balance of %j, with a plan: %j, is shown as %s', (balance, isLive, words) => {
    const said = balanceInWords(balance, { isLive })
    expect(said && `${said.value}: ${said.note}`).toBe(words)
  })
})
