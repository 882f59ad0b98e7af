import { afterEach, describe, expect, test } from 'vitest'
import { setNow } from '#app/clock.server.ts'
import { auditGrants } from '#app/billing/purchases/audit-grants.server.ts'
import { reconcile } from '#app/billing/reconcile/reconcile.server.ts'
import { runTopUps } from '#app/billing/top-up/run-top-ups.server.ts'
import { turnOffTopUp, turnOnTopUp } from '#app/billing/top-up/settings.server.ts'
import { freezeSpending } from '#app/credits/freeze.server.ts'
import { placeHold } from '#app/credits/hold.server.ts'
import { settleAccount } from '#app/credits/settle.server.ts'
import { spendCredits } from '#app/credits/spend.server.ts'
import { NotificationModel } from '#models/notification.server.ts'
import { TopUpModel } from '#models/top-up.server.ts'
import { type User, UserModel } from '#models/user.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { advance } from '../clock.ts'
import { newestCharge, subscriber } from '../customers.ts'
import { creditsOf, Deliveries, historyOf } from '../scenario.ts'
import { useStripe } from '../stripe.ts'
import { aCustomer, invoicesOf, paidTopUps, PRICE, spendAndRun, TERMS, topUpOf, useCard } from './customer.ts'

useDatabase()
const context = useStripe()
const line = new Deliveries(context)

afterEach(() => setNow(null))

const mailsTo = ({ _id }: User, kind: string) => NotificationModel.find({ userId: _id, kind }).lean()

/** As the customer does on Stripe's page of an invoice. */
async function payOnItsPage({ stripeCustomerId }: User, invoiceId: string): Promise<void> {
  const { id } = await context.stripe.paymentMethods.attach('pm_card_visa', { customer: stripeCustomerId! })
  await context.stripe.invoices.pay(invoiceId, { payment_method: id, off_session: false })
}

describe('an automatic top-up', () => {
  test('a balance that falls below the threshold buys the pack once, with a history row and a receipt', async () => {
    const user = await aCustomer(line)
    await runTopUps()
    expect(await creditsOf(user)).toBe(120)

    await spendAndRun(user, 21)
    await line.deliver()
    await runTopUps()

    expect(await creditsOf(user)).toBe(599)
    expect(await paidTopUps(context, user)).toBe(1)
    expect(await historyOf(user)).toMatchObject([{ amount: PRICE, creditsAdded: 500, status: 'active' }])
    expect(await mailsTo(user, 'payment_receipt')).toHaveLength(2)
    expect(await topUpOf(user)).toMatchObject({
      status: 'on',
      open: null,
      number: 1,
      month: { times: 1, amount: PRICE },
    })
    expect((await auditGrants()).violations).toEqual([])
  })

  test('ten processes that see one fall at once buy one pack', async () => {
    const user = await aCustomer(line)
    await spendCredits({ accountId: user._id, credits: 50, action: 'test' })
    await settleAccount(user._id)

    await Promise.all(Array.from({ length: 10 }, () => runTopUps()))

    expect(await paidTopUps(context, user)).toBe(1)
    expect(await creditsOf(user)).toBe(570)
  })

  test('each fall buys again, until the month’s number of top-ups is reached; the next month continues', async () => {
    const user = await aCustomer(line, { terms: { ...TERMS, timesMax: 2 } })
    await spendAndRun(user, 60)
    await spendAndRun(user, 500)
    const before = await creditsOf(user)
    await spendAndRun(user, 500)
    await runTopUps()

    expect(before).toBe(560)
    expect(await creditsOf(user)).toBe(60)
    expect(await paidTopUps(context, user)).toBe(2)
    expect(await mailsTo(user, 'top_up_limit')).toHaveLength(1)

    advance(context, 31)
    await runTopUps()

    expect(await creditsOf(user)).toBe(560)
    expect((await topUpOf(user)).month).toMatchObject({ times: 1, amount: PRICE })
  })

  test('the month’s money is never passed, to the last cent', async () => {
    const user = await aCustomer(line, { terms: { ...TERMS, amountMax: 2 * PRICE } })
    await spendAndRun(user, 60)
    await spendAndRun(user, 500)
    await spendAndRun(user, 500)
    expect(await paidTopUps(context, user)).toBe(2)

    await turnOnTopUp(user._id, { ...TERMS, amountMax: 3 * PRICE - 1 })
    await runTopUps()
    expect(await paidTopUps(context, user)).toBe(2)
    await turnOnTopUp(user._id, { ...TERMS, amountMax: 3 * PRICE })
    await settleAccount(user._id)
    await spendAndRun(user, 1)
    expect(await paidTopUps(context, user)).toBe(3)
  })

  test('credits on hold count as the customer’s, and paused spending buys nothing', async () => {
    const user = await aCustomer(line)
    await placeHold({ accountId: user._id, key: 'h', credits: 100, action: 'test' })
    await settleAccount(user._id)
    await runTopUps()
    expect(await paidTopUps(context, user)).toBe(0)

    await freezeSpending(user._id, 'paused_by_owner')
    await TopUpModel.updateOne({ _id: user._id }, { $set: { below: 1_000, nextTryAt: new Date() } })
    await runTopUps()
    expect(await paidTopUps(context, user)).toBe(0)
  })

  test('what the customer’s balance at Stripe covers is not charged', async () => {
    const user = await aCustomer(line)
    await context.stripe.customers.createBalanceTransaction(user.stripeCustomerId!, { amount: -5_000, currency: 'usd' })
    await spendAndRun(user, 50)
    expect(await paidTopUps(context, user)).toBe(0)
    expect(await creditsOf(user)).toBe(570)
    expect(await topUpOf(user)).toMatchObject({ open: null, month: { times: 1 } })
  })

  test('the card of the plan is charged if the customer has no default one', async () => {
    const user = await subscriber(line)
    await UserModel.updateOne({ _id: user._id }, { $set: { emailConfirmedAt: new Date() } })
    await turnOnTopUp(user._id, { ...TERMS, below: 5_000 })
    await spendAndRun(user, 1)
    await line.deliver()
    expect((await historyOf(user)).map(({ creditsAdded }) => creditsAdded)).toContain(500)
  })

  test('a refund takes the credits of a top-up back', async () => {
    const user = await aCustomer(line)
    await spendAndRun(user, 50)
    await context.stripe.refunds.create({ charge: (await newestCharge(context, user)).id })
    await line.deliver()
    expect(await creditsOf(user)).toBe(70)
    expect((await historyOf(user)).at(-1)).toMatchObject({ status: 'refunded', creditsReversed: 500 })
  })
})

describe('a top-up that is not paid', () => {
  test('declines are tried again after an hour and a day, then it stops with one mail; nothing is owed', async () => {
    const user = await aCustomer(line, { card: 'pm_card_chargeCustomerFail' })
    await spendAndRun(user, 50)
    await runTopUps()
    expect(await invoicesOf(context, user)).toHaveLength(1)

    for (const hours of [1, 24]) {
      setNow(
        (
          (at) => () =>
            at
        )(new Date((await topUpOf(user)).nextTryAt!.getTime() - 1_000)),
      )
      await runTopUps()
      setNow(
        (
          (at) => () =>
            at
        )(new Date((await topUpOf(user)).nextTryAt!.getTime() + hours)),
      )
      await runTopUps()
    }
    setNow(null)
    advance(context, 3)
    await runTopUps()
    await line.deliver()

    expect((await invoicesOf(context, user)).map(({ status }) => status)).toEqual(['void', 'void', 'void'])
    expect(await topUpOf(user)).toMatchObject({
      status: 'paused',
      reason: 'declined',
      open: null,
      month: { times: 0, amount: 0 },
    })
    expect(await mailsTo(user, 'top_up_stopped')).toHaveLength(1)
    expect(await creditsOf(user)).toBe(70)

    await useCard(context, user, 'pm_card_visa')
    await turnOnTopUp(user._id, TERMS)
    await spendAndRun(user, 1)
    expect(await creditsOf(user)).toBe(569)
  })

  test('a bank that asks for a confirmation gets one attempt; the mail’s link pays it, and top-up resumes', async () => {
    const user = await aCustomer(line, { card: 'pm_card_authenticationRequired' })
    await spendAndRun(user, 50)
    for (const days of [1, 1]) {
      advance(context, days)
      await runTopUps()
      await line.deliver()
    }

    const [invoice, ...others] = await invoicesOf(context, user)
    expect(others).toEqual([])
    expect(invoice).toMatchObject({ status: 'open', attempt_count: 1 })
    expect(await topUpOf(user)).toMatchObject({ status: 'paused', reason: 'confirmation', month: { times: 1 } })
    const [mail, ...more] = await mailsTo(user, 'top_up_confirm')
    expect(more).toEqual([])
    expect(mail?.data).toMatchObject({ amount: PRICE, credits: 500, confirmUrl: invoice!.hosted_invoice_url })
    expect(await mailsTo(user, 'action_required')).toEqual([])

    await payOnItsPage(user, invoice!.id)
    await line.deliver()

    expect(await creditsOf(user)).toBe(570)
    expect(await topUpOf(user)).toMatchObject({ status: 'on', reason: null, open: null })
  })

  test('a confirmation that never comes is canceled after a week, and cannot be paid any more', async () => {
    const user = await aCustomer(line, { card: 'pm_card_authenticationRequired' })
    await spendAndRun(user, 50)
    advance(context, 8)
    await runTopUps()
    expect((await invoicesOf(context, user)).map(({ status }) => status)).toEqual(['void'])
    expect(await topUpOf(user)).toMatchObject({
      status: 'paused',
      reason: 'confirmation',
      open: null,
      month: { times: 0 },
    })
  })

  test('turning it off cancels what waits for a confirmation', async () => {
    const user = await aCustomer(line, { card: 'pm_card_authenticationRequired' })
    await spendAndRun(user, 50)
    await turnOffTopUp(user._id)
    await turnOffTopUp(user._id)
    expect((await invoicesOf(context, user)).map(({ status }) => status)).toEqual(['void'])
    expect(await topUpOf(user)).toMatchObject({ status: 'off', open: null, month: { times: 0 } })
    await spendAndRun(user, 1)
    expect(await invoicesOf(context, user)).toHaveLength(1)
  })

  test('terms that change while a top-up is being paid hold for the next one', async () => {
    const user = await aCustomer(line, { card: 'pm_card_authenticationRequired' })
    await spendAndRun(user, 50)
    await turnOnTopUp(user._id, { ...TERMS, pack: '2000', amountMax: 10_000 })
    await useCard(context, user, 'pm_card_visa')
    await spendAndRun(user, 1)
    expect((await invoicesOf(context, user)).map(({ status, total }) => [status, total])).toEqual([
      ['paid', 2_200],
      ['void', PRICE],
    ])
    expect(await topUpOf(user)).toMatchObject({ status: 'on', month: { times: 1, amount: 2_200 } })
  })

  test('a bank debit is not charged: it is known days later if it pays', async () => {
    const user = await aCustomer(line)
    const { id } = await context.stripe.paymentMethods.create({
      type: 'sepa_debit',
      sepa_debit: { iban: 'AT611904300234573201' },
      billing_details: { name: 'Ada', email: 'ada@example.com' },
    })
    await context.stripe.paymentMethods.attach(id, { customer: user.stripeCustomerId! })
    await context.stripe.customers.update(user.stripeCustomerId!, { invoice_settings: { default_payment_method: id } })
    await spendAndRun(user, 50)
    expect(await topUpOf(user)).toMatchObject({ status: 'paused', reason: 'no_card', open: null })
    expect(await invoicesOf(context, user)).toEqual([])
  })

  test('a customer without a card is told once', async () => {
    const user = await aCustomer(line)
    await context.stripe.customers.update(user.stripeCustomerId!, { invoice_settings: { default_payment_method: '' } })
    await spendAndRun(user, 50)
    await runTopUps()
    expect(await topUpOf(user)).toMatchObject({ status: 'paused', reason: 'no_card', open: null })
    expect(await mailsTo(user, 'top_up_stopped')).toMatchObject([{ data: { reason: 'no_card' } }])
    expect(await invoicesOf(context, user)).toEqual([])
  })
})

test('a paid confirmation whose events are lost is found by the reconcile and ended by the job', async () => {
  const user = await aCustomer(line, { card: 'pm_card_authenticationRequired' })
  await spendAndRun(user, 50)
  const [invoice] = await invoicesOf(context, user)
  await payOnItsPage(user, invoice!.id)
  line.take()
  await reconcile()
  expect(await creditsOf(user)).toBe(570)

  advance(context, 8)
  await runTopUps()
  expect(await topUpOf(user)).toMatchObject({ status: 'on', open: null })
  expect(await paidTopUps(context, user)).toBe(1)
})
