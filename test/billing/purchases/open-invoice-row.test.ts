import { describe, expect, it } from 'vitest'
import { listBillingHistory } from '#app/billing/purchases/list-history.server.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import { toHistoryRows } from '#app/plan-status/history-rows.ts'
import { currentPlanStatus } from '#app/plan-status/current-plan-status.server.ts'
import type { User } from '#models/user.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { useSandboxClock } from '../clock.ts'
import { newestCharge, openInvoicesOf, overdueSubscriber, payWith, subscriber, subscriptionIdOf } from '../customers.ts'
import { Deliveries, readUser } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

const context = useStripe()
useDatabase()
useSandboxClock(context)
const deliveries = new Deliveries(context)

async function rowsOf({ _id }: User) {
  const { subscription } = await readUser(_id)
  return toHistoryRows(await listBillingHistory(_id), 'UTC', subscription)
}

async function noticeOf({ _id }: User) {
  return currentPlanStatus(await readUser(_id), await getBalance(_id)).notices[0]?.text
}

describe('a renewal with an amount due', () => {
  it('a renewal that is due comes first in the history, with its amount and a link to pay it, and the banner states the amount', async () => {
    const user = await overdueSubscriber(deliveries)
    const [open] = await openInvoicesOf(context, user)
    expect(await rowsOf(user)).toMatchObject([
      {
        what: 'Beginner',
        status: { text: 'Payment due' },
        paid: '$10.00 due',
        credits: null,
        invoice: { name: 'Pay now', url: open!.hosted_invoice_url },
      },
      { status: { text: 'Paid' }, paid: '$10.00', credits: 1000, invoice: { name: 'Invoice' } },
    ])
    expect(await noticeOf(user)).toMatch(/^Your payment of \$10\.00 on \d+ \w+ did not go through/)
  })

  it('two renewals that are due have a row each, with its own amount and its own link to pay', async () => {
    const user = await overdueSubscriber(deliveries)
    const { stripe } = context
    const customer = user.stripeCustomerId!
    const subscription = subscriptionIdOf(user)
    await stripe.invoiceItems.create({ customer, subscription, amount: 300, currency: 'usd' })
    const { id } = await stripe.invoices.create({ customer, subscription })
    await stripe.invoices.finalizeInvoice(id)
    await stripe.invoices.pay(id).catch(() => null)
    await deliveries.deliver()

    const rows = await rowsOf(user)
    const open = await openInvoicesOf(context, user)
    expect(open).toHaveLength(2)
    expect(rows.slice(0, 2).map(({ paid, invoice }) => [paid, invoice?.url])).toEqual(
      open.map(({ amount_remaining: left, hosted_invoice_url: url }) => [`$${(left / 100).toFixed(2)} due`, url]),
    )
    expect(rows.slice(2).map(({ paid }) => paid)).toEqual(['$10.00'])
    expect(await noticeOf(user)).toMatch(/^Your payment of \$13\.00 on /)
  })

  it('a due renewal leaves the history once it is paid', async () => {
    const user = await overdueSubscriber(deliveries)
    const [open] = await openInvoicesOf(context, user)
    await payWith(context, user, 'pm_card_visa')
    await context.stripe.invoices.pay(open!.id)
    await deliveries.deliver()
    expect((await rowsOf(user)).map(({ status }) => status.text)).toEqual(['Paid', 'Paid'])
    expect((await readUser(user._id)).subscription?.owed).toBeNull()
  })

  it('a due renewal paid in part states the remaining amount', async () => {
    const user = await overdueSubscriber(deliveries)
    const [open] = await openInvoicesOf(context, user)
    const payment = { customer: user.stripeCustomerId!, amount: 400, currency: 'usd', payment_method: 'pm_card_visa' }
    const { id } = await context.stripe.paymentIntents.create({ ...payment, confirm: true })
    await context.stripe.invoices.attachPayment(open!.id, { payment_intent: id })
    // The next attempt for the rest fails too.
    await context.stripe.invoices.pay(open!.id).catch(() => null)
    await deliveries.deliver()
    expect(await rowsOf(user)).toMatchObject([{ paid: '$6.00 due' }, {}])
  })
})

it('a payment refunded in part states how much, and which credits were taken back', async () => {
  const user = await subscriber(deliveries)
  const charge = await newestCharge(context, user)
  await context.stripe.refunds.create({ charge: charge.id, amount: 350 })
  await deliveries.deliver()
  expect(await rowsOf(user)).toMatchObject([
    { status: { text: 'Partially refunded' }, note: '$3.50 refunded, 350 credits taken back' },
  ])
})

it('a row from before reversed credits were stored shows what is known', async () => {
  const [row] = await listBillingHistory((await subscriber(deliveries))._id)
  const old = { ...row!, status: 'partially_refunded' as const, amountRefunded: 350, creditsReversed: null }
  expect(toHistoryRows([old], 'UTC')).toMatchObject([{ note: '$3.50 refunded' }])
})
