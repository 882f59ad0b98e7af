import { renderToStaticMarkup } from 'react-dom/server'
import { createElement } from 'react'
import { afterEach, describe, expect, it } from 'vitest'
import { auditGrants } from '#app/billing/purchases/audit-grants.server.ts'
import { changePlan } from '#app/billing/plan-changes/change-plan.server.ts'
import { createCheckout } from '#app/billing/checkout/create-checkout.server.ts'
import { ensureCustomer } from '#app/billing/customers/stripe-customer.server.ts'
import { AlreadySubscribed } from '#app/billing/errors.ts'
import { listBillingHistory } from '#app/billing/purchases/list-history.server.ts'
import { plans } from '#app/billing/plans.ts'
import { pauseOverdue } from '#app/billing/subscriptions/grace-period.server.ts'
import { setNow } from '#app/clock.server.ts'
import { auditCredits } from '#app/credits/audit.server.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import { listEntries } from '#app/credits/ledger.server.ts'
import { runUpkeep } from '#app/credits/upkeep.server.ts'
import { rulesOfSale } from '#app/routes/pricing/rules.server.ts'
import { Rules } from '#app/routes/pricing/rules.tsx'
import { decide, dispute } from '#test/billing/bank.ts'
import { advance, follow } from '#test/billing/clock.ts'
import { chargesOf, overdueSubscriber, spend, subscriber, subscriptionIdOf } from '#test/billing/customers.ts'
import { usePlan } from '#test/billing/plan.ts'
import { aUser, creditsOf, Deliveries, historyOf, post, readUser } from '#test/billing/scenario.ts'
import { useStripe } from '#test/billing/stripe.ts'
import { useDatabase } from '#test/setup/database.ts'
import { postGood } from '../event-versions.ts'

const context = useStripe()
useDatabase()
const line = new Deliveries(context)
const beginner = usePlan('Beginner')
afterEach(() => setNow(null))

describe('an event that contradicts Stripe', () => {
  it('an event of a paid invoice grants nothing while Stripe says that the invoice is open (complaint 13)', async () => {
    const user = await overdueSubscriber(line)
    const open = (await context.stripe.invoices.list({ customer: user.stripeCustomerId!, status: 'open' })).data[0]!
    const lie = { ...open, status: 'paid', amount_paid: 1000, amount_remaining: 0 }
    await postGood([{ id: 'evt_lie', type: 'invoice.paid', livemode: false, data: { object: lie } }])
    expect(await creditsOf(user)).toBe(1000)
    expect((await readUser(user._id)).subscription?.status).toBe('past_due')
  })

  it('an event of an active plan does not revive a plan that has ended at Stripe (complaint 13)', async () => {
    const user = await subscriber(line)
    const before = await context.stripe.subscriptions.retrieve(subscriptionIdOf(user))
    await context.stripe.subscriptions.cancel(subscriptionIdOf(user))
    const event = { id: 'evt_old', type: 'customer.subscription.updated', livemode: false, data: { object: before } }
    await postGood([event, ...line.take(), { ...event, id: 'evt_older' }])
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Free', stripeSubscriptionId: null })
  })
})

describe('an edited plan', () => {
  it('an edited plan keeps earlier grants, and the next invoice grants the new number (complaint 29)', async () => {
    const user = await subscriber(line)
    await spend(user, 100)
    beginner.credits = 300
    await postGood(context.sandbox.events('invoice.paid').map((event) => ({ ...event, id: `${event.id}_edited` })))
    expect(await creditsOf(user)).toBe(900)
    expect(await historyOf(user)).toMatchObject([{ creditsAdded: 1000 }])
    advance(context, 32)
    await line.deliver()
    expect(await creditsOf(user)).toBe(1200)
  })
})

describe('an upgrade in mid-period', () => {
  it('an upgrade in mid-period grants only the difference, and keeps what was used and what is left (complaint 32)', async () => {
    const user = await subscriber(line)
    await spend(user, 600)
    advance(context, 15)
    await changePlan(user, { plan: 'Creator', interval: 'month' })
    const [, upgrade] = await historyOf(user)
    expect(await creditsOf(user)).toBe(400 + upgrade!.creditsAdded)
    expect(upgrade!.creditsAdded).toBeGreaterThan(1800)
    expect(upgrade!.creditsAdded).toBeLessThan(2200)
  })
})

describe('a returned bank debit', () => {
  it('a returned bank debit takes its credits back, and those already spent become a debt (complaint 35)', async () => {
    const user = await aUser()
    follow(context)
    const customer = await ensureCustomer(user)
    const { id } = await context.stripe.checkout.sessions.create({
      mode: 'payment',
      customer,
      allowed_payment_method_types: ['card', 'sepa_debit'],
      metadata: { app: 'scrip', userId: user._id.toHexString(), pack: '500' },
      line_items: [
        { price_data: { currency: 'eur', unit_amount: 600, product_data: { name: '500 credits' } }, quantity: 1 },
      ],
      success_url: 'http://localhost:3000/billing/success',
    })
    context.sandbox.completeCheckout(id, { card: 'AT611904300234573201' })
    advance(context, 1)
    await line.deliver()
    expect(await creditsOf(user)).toBe(500)
    await spend(user, 200)
    const [charge] = await chargesOf(context, user)
    await decide(context, dispute(context, charge!.id), 'lost')
    await line.deliver()
    expect(await getBalance(user._id)).toMatchObject({ credits: -200, debt: 200, frozen: null })
    expect(await listBillingHistory(user._id)).toMatchObject([{ kind: 'pack', status: 'dispute_lost' }])
  })
})

describe('credits that changed without an explanation', () => {
  it('every change of the balance is a ledger entry with its cause (complaint 40)', async () => {
    beginner.unusedCredits = 'expire'
    const user = await subscriber(line)
    await spend(user, 10)
    advance(context, 36)
    await line.deliver()
    // The balance drops at once; a job writes the expiry.
    expect(await creditsOf(user)).toBe(1000)
    await runUpkeep()
    const [charge] = await chargesOf(context, user)
    await context.stripe.refunds.create({ charge: charge!.id, amount: 500 })
    await line.deliver()
    const { entries } = await listEntries(user._id)
    expect(entries.reduce((sum, { amount }) => sum + amount, 0)).toBe(await creditsOf(user))
    expect(entries.map(({ kind, amount }) => [kind, amount])).toEqual([
      ['reversal', -500],
      ['grant', 1000],
      ['expire', -990],
      ['spend', -10],
      ['grant', 1000],
    ])
    for (const { kind, source } of entries)
      if (kind !== 'expire' && kind !== 'spend') expect(source.id).toMatch(/^(in|re)_/)
  })
})

describe('the rules on the pricing page', () => {
  it('the pricing page promises only what every plan keeps (complaint 42)', () => {
    const text = renderToStaticMarkup(createElement(Rules, { rules: rulesOfSale() }))
    const keeps = plans.every((plan) => plan.unusedCredits === 'accumulate')
    expect(text.includes('Unused credits roll over to the next month.')).toBe(keeps)
  })
})

describe('invoices and receipts', () => {
  it('each payment of a plan has its page and PDF, and a pack its receipt (complaint 46)', async () => {
    const user = await subscriber(line)
    await line.buy({ user, pack: '500' })
    await line.deliver()
    const rows = await listBillingHistory(user._id)
    const plan = rows.find(({ kind }) => kind === 'plan')!
    expect((await fetch(plan.invoicePdf!)).headers.get('Content-Type')).toContain('pdf')
    expect((await fetch(plan.hostedInvoiceUrl!)).status).toBe(200)
    expect(rows.find(({ kind }) => kind === 'pack')!.hostedInvoiceUrl).toMatch(/^http/)
  })
})

describe('a purchase while a payment is due', () => {
  it('a user with a payment due can buy a pack but no second plan, in the grace period or after it (complaint 55)', async () => {
    const user = await overdueSubscriber(line)
    const again = (nonce: string) => createCheckout({ user, plan: 'Daily', interval: 'month' }, { nonce })
    await expect(again('in the grace period')).rejects.toThrow(AlreadySubscribed)
    // Within the period the plan works as usual.
    await spend(user, 1)
    advance(context, 3)
    await pauseOverdue()
    await expect(again('after it')).rejects.toThrow(AlreadySubscribed)
    await expect(spend(user, 1)).rejects.toThrow()
    expect((await createCheckout({ user, pack: '500' }, { nonce: 'a pack' })).url).toMatch(/^http/)
  })
})

describe('a canceled plan', () => {
  it('a canceled plan works until the last second that was paid for, and nothing is charged after it (complaint 56)', async () => {
    const user = await subscriber(line)
    await context.stripe.subscriptions.update(subscriptionIdOf(user), { cancel_at_period_end: true })
    await line.deliver()
    advance(context, 27)
    await line.deliver()
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Beginner', cancelAtPeriodEnd: true })
    await spend(user, 1)
    advance(context, 60)
    await line.deliver()
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Free' })
    expect(await chargesOf(context, user)).toHaveLength(1)
    expect(await creditsOf(user)).toBe(999)
  })
})

describe('an invoice of $0', () => {
  it('an invoice of $0 of any kind is answered with 200 and has a row of 0 (complaint 59)', async () => {
    const user = await subscriber(line)
    const customer = user.stripeCustomerId!
    await context.stripe.customers.createBalanceTransaction(customer, { amount: -1000, currency: 'usd' })
    advance(context, 32)
    await postGood(line.take())
    const zero = (await historyOf(user)).at(-1)!
    expect(zero).toMatchObject({ amount: 0, creditsAdded: 1000, status: 'active' })
    // It has nothing to refund, and the attempt does no harm.
    expect(
      (
        await post(
          JSON.stringify({
            id: 'evt_none',
            type: 'charge.refunded',
            livemode: false,
            data: {
              object: {
                id: 'ch_none',
                object: 'charge',
                amount: 0,
                amount_refunded: 0,
                currency: 'usd',
                customer,
                metadata: {},
              },
            },
          }),
        )
      ).status,
    ).toBe(200)
    expect(await creditsOf(user)).toBe(2000)
  })
})

describe('the books', () => {
  it('the books balance after all these payments', async () => {
    follow(context)
    expect((await auditGrants()).violations).toEqual([])
    expect((await auditCredits()).violations).toEqual([])
  })
})
