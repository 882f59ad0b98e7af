import { randomUUID } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { qrCode } from '#app/actions/built-in/qr-code.server.ts'
import { readForm } from '#app/actions/action-page.server.ts'
import { answerForm } from '#app/actions/form-answer.server.ts'
import type { RefusalOption } from '#app/actions/refusal-options.ts'
import { changePlan } from '#app/billing/plan-changes/change-plan.server.ts'
import { requireFeature } from '#app/billing/entitlements/entitlements.ts'
import { pauseOverdue } from '#app/billing/subscriptions/grace-period.server.ts'
import { restartPlan } from '#app/billing/plan-changes/resume-paused.server.ts'
import { now } from '#app/clock.server.ts'
import { grantCredits } from '#app/credits/grant.server.ts'
import { loader as upgradeLoader } from '#app/routes/_app.billing.upgrade.tsx'
import { CreditAccountModel } from '#models/credit-account.server.ts'
import { type User, UserModel } from '#models/user.server.ts'
import { visitAs } from '#test/auth/users.ts'
import { useDatabase } from '#test/setup/database.ts'
import { advance, useSandboxClock } from '../clock.ts'
import { chargesOf, newestCharge, overdueSubscriber, spend, subscriber } from '../customers.ts'
import { usePlan } from '../plan.ts'
import { aUser, creditsOf, Deliveries, readUser } from '../scenario.ts'
import { useStripe } from '../stripe.ts'
import { withRefusalOptions } from '#app/actions/refusal-options.server.ts'

const context = useStripe()
useDatabase()
const deliveries = new Deliveries(context)
const [free, beginner, daily] = ['Free', 'Beginner', 'Daily'].map(usePlan) as [Plan, Plan, Plan]
type Plan = ReturnType<typeof usePlan>
useSandboxClock(context)
afterEach(() => context.sandbox.faults.reset())

/** The options in the API's refusal of a spend. */
async function waysAt(user: User, credits: number): Promise<RefusalOption[]> {
  const refused = await withRefusalOptions(await readUser(user._id), { credits }, () => spend(user, credits)).catch(
    (error: unknown) => error,
  )
  return (refused as { details: { options: RefusalOption[] } }).details.options
}

async function make(user: User) {
  const form = new FormData()
  for (const [name, value] of Object.entries({ intent: 'run', key: randomUUID(), text: 'x' })) form.set(name, value)
  return answerForm(await readUser(user._id), qrCode, readForm(qrCode, form))
}

const wordsAt = async (user: User) => {
  const answer = await make(user)
  return 'kind' in answer && answer.kind === 'refused' ? answer.ways.map(({ text }) => text) : []
}

const planOf = (ways: RefusalOption[], name: string) => ways.find((way) => way.type === 'plan' && way.plan === name)
const setUses = ({ _id }: User, used: number) =>
  CreditAccountModel.collection.updateOne(
    { _id },
    { $set: { limits: { qrCodes: { used, resetsAt: new Date(now().getTime() + 86_400_000) } } } },
  )
const spendAll = async (user: User) => spend(user, await creditsOf(user))

describe('a subscriber without credits', () => {
  it('a monthly subscriber without credits is offered a larger plan with the rest of the month, marked as enough if the spend would then succeed', async () => {
    const user = await subscriber(deliveries)
    await spendAll(user)
    advance(context, 20)
    const way = planOf(await waysAt(user, 300), 'Daily')
    expect(way).toMatchObject({ interval: 'month', enough: true, renewal: { amount: 1800, credits: 2000 } })
    expect(way).toMatchObject({ url: '/billing/change?plan=Daily&interval=month' })
    expect(planOf(await waysAt(user, 900), 'Daily')).toMatchObject({ enough: false })
    expect(planOf(await waysAt(user, 900), 'Creator')).toMatchObject({ enough: true })

    await changePlan(user, { plan: 'Daily', interval: 'month' })
    const { amount, credits } = way as { amount: number; credits: number }
    expect((await newestCharge(context, user)).amount).toBe(amount)
    expect(amount).toBeLessThan(400)
    expect(await creditsOf(user)).toBe(credits)
    expect(await spend(user, 300)).toMatchObject({ creditsLeft: credits - 300 })
  })

  it('the page offers a larger plan at today’s price', async () => {
    const user = await subscriber(deliveries)
    await spendAll(user)
    expect(await wordsAt(user)).toEqual([
      'Buy 500 credits, $6',
      'Change to Daily, $8 today for 1,000 credits',
      expect.stringMatching(/^Or wait: 1,000 credits arrive on /) as string,
    ])
  })

  it('a yearly subscriber without credits is offered the larger yearly plan, of whose monthly shares only this month’s counts', async () => {
    const user = await subscriber(deliveries, { interval: 'year' })
    await spendAll(user)
    const way = planOf(await waysAt(user, 12_000), 'Daily')
    expect(way).toMatchObject({ interval: 'year', enough: true, amount: 8000, credits: 12_000 })

    daily.yearlyCredits = 'monthly'
    const other = await subscriber(deliveries, { interval: 'year' })
    await spendAll(other)
    expect(planOf(await waysAt(other, 1001), 'Daily')).toMatchObject({ credits: 1000, enough: false })
    await changePlan(other, { plan: 'Daily', interval: 'year' })
    expect(await creditsOf(other)).toBe(1000)
  })

  it('a subscriber in a trial is offered no other plan, which would grant nothing before the trial ends', async () => {
    beginner.trial = { days: 7, credits: 50 }
    const user = await subscriber(deliveries)
    await spendAll(user)
    const ways = await waysAt(user, 24)
    expect(ways.map(({ type, enough }) => [type, enough])).toEqual([
      ['pack', true],
      ['pack', true],
      ['pack', true],
      ['wait', true],
    ])
  })

  it('a user who may still have a trial is offered its credits at no charge today', async () => {
    daily.trial = { days: 14, credits: 80 }
    const user = await aUser()
    const offered = { amount: 0, credits: 80, trialDays: 14, renewal: { amount: 1800, credits: 2000 } }
    expect(planOf(await waysAt(user, 80), 'Daily')).toMatchObject({ ...offered, enough: true })
    expect(planOf(await waysAt(user, 81), 'Daily')).toMatchObject({ ...offered, enough: false })
  })

  it('waiting for a renewal with a cap is enough only with the credits that then remain', async () => {
    beginner.unusedCredits = { cap: 100 }
    const user = await subscriber(deliveries)
    expect((await waysAt(user, 1500)).at(-1)).toMatchObject({ type: 'wait', credits: 1000, enough: false })
    expect((await waysAt(user, 1100)).at(-1)).toMatchObject({ type: 'wait', credits: 1000, enough: true })
  })

  it('options that are not enough say so, in the API and on the page', async () => {
    const user = await subscriber(deliveries)
    const ways = await waysAt(user, 90_000)
    expect(ways.filter(({ enough }) => enough)).toEqual([])
    expect(ways.map(({ type }) => type)).toEqual(['pack', 'plan', 'plan', 'wait'])
  })

  it('a refusal is answered in time while Stripe does not answer, without Stripe’s figures', async () => {
    const user = await subscriber(deliveries)
    await spendAll(user)
    context.sandbox.faults.api = [{ failure: 'timeout', match: 'POST /v1/invoices/create_preview' }]
    const before = performance.now()
    const ways = await waysAt(user, 24)
    expect(performance.now() - before).toBeLessThan(6_000)
    expect(ways.map(({ type }) => type)).toEqual(['pack', 'pack', 'pack', 'wait'])
  })

  it('repeated refusals ask Stripe once', async () => {
    const user = await subscriber(deliveries)
    await spendAll(user)
    const first = await waysAt(user, 24)
    context.sandbox.faults.api = [{ failure: 503 }]
    expect(await waysAt(user, 24)).toEqual(first)
  })
})

describe('a reached limit', () => {
  it('a reached limit offers the plan with a larger one at today’s price, as enough only with enough credits', async () => {
    beginner.limits = { qrCodes: 1 }
    const user = await subscriber(deliveries)
    await make(user)
    expect(await wordsAt(user)).toEqual([
      'Change to Daily, $8 today for 1,000 credits',
      expect.stringMatching(/^Or wait: your limit resets on /) as string,
    ])
    await changePlan(user, { plan: 'Daily', interval: 'month' })
    expect(await make(user)).toHaveProperty('runId')
  })

  it('a reached limit does not offer a plan whose own limit is used up', async () => {
    const user = await subscriber(deliveries, { plan: 'Beginner' })
    await setUses(user, 5_000)
    expect(await wordsAt(user)).toEqual([
      'Change to Creator, $30 today for 4,000 credits',
      expect.stringContaining('Or wait') as string,
    ])
  })
})

describe('a paused plan', () => {
  it('a paused plan is offered to be resumed, is not compared with Free’s limit, and no other plan is offered', async () => {
    free.limits = { qrCodes: 1 }
    beginner.trial = { days: 7, credits: 50 }
    const user = await subscriber(deliveries)
    const methods = await context.stripe.customers.listPaymentMethods(user.stripeCustomerId!)
    for (const { id } of methods.data) await context.stripe.paymentMethods.detach(id)
    advance(context, 8)
    await deliveries.deliver()
    expect(await make(user)).toHaveProperty('runId')
    expect(await wordsAt(user)).toEqual(['Resume Beginner, $10'])
    const lacking = await waysAt(user, 1049)
    expect(lacking.at(-1)).toEqual({
      ...{ type: 'resume_plan', amount: 1000, currency: 'usd', credits: 1000 },
      ...{ enough: true, url: '/billing' },
    })
    expect((await waysAt(user, 1050)).at(-1)).toMatchObject({ type: 'resume_plan', enough: false })

    const { id } = await context.stripe.paymentMethods.attach('pm_card_visa', { customer: user.stripeCustomerId! })
    await context.stripe.customers.update(user.stripeCustomerId!, { invoice_settings: { default_payment_method: id } })
    await restartPlan(user)
    expect(await make(user)).toHaveProperty('runId')
  })
})

describe('a payment that is due', () => {
  it('a payment due within the grace period offers the card and packs, but no plan change', async () => {
    const user = await overdueSubscriber(deliveries)
    await spendAll(user)
    const ways = await waysAt(user, 24)
    expect(new Set(ways.map(({ type }) => type))).toEqual(new Set(['pack', 'update_payment_method']))
    expect(await wordsAt(user)).toEqual(['Buy 500 credits, $6'])
  })

  it('a payment due after the grace period is offered to be paid, and is enough if there are credits', async () => {
    const user = await overdueSubscriber(deliveries)
    advance(context, 4)
    await pauseOverdue()
    const way = { type: 'update_payment_method', amount: 1000, currency: 'usd', url: '/billing/update-card' }
    expect(await waysAt(user, 1000)).toEqual([{ ...way, enough: true }])
    expect(await waysAt(user, 1001)).toEqual([{ ...way, enough: false }])
    expect(await chargesOf(context, user)).toHaveLength(1)
  })

  it('a payment that requires authentication offers the bank’s page, and not another card', async () => {
    const user = await subscriber(deliveries, { card: '4000 0027 6000 3184' })
    advance(context, 32)
    await deliveries.deliver()
    advance(context, 4)
    await pauseOverdue()
    const { subscription } = await readUser(user._id)
    expect(await waysAt(user, 24)).toEqual([
      { type: 'confirm_payment', amount: 1000, currency: 'usd', enough: true, url: subscription!.owed!.url },
    ])

    // With an earlier open invoice, the bank's page does not pay everything.
    const older = [{ stripeInvoiceId: 'in_before', amount: 400, at: now(), url: null }]
    const changes = { 'subscription.owed.older': older, 'subscription.owed.amount': 1400 }
    await UserModel.updateOne({ _id: user._id }, { $set: changes })
    expect(await waysAt(user, 24)).toEqual([
      { type: 'update_payment_method', amount: 1400, currency: 'usd', enough: true, url: '/billing/update-card' },
    ])
  })
})

describe('a feature that the plan lacks', () => {
  const ask = async (user: User, credits: number) => {
    const current = await readUser(user._id)
    const asked = withRefusalOptions(current, { credits, feature: 'prioritySupport' }, () =>
      Promise.resolve(requireFeature(current, 'prioritySupport', now())),
    )
    const refused = await asked.catch((error: unknown) => error)
    return (refused as { details: { options: RefusalOption[] } }).details.options
  }

  it('a missing feature is offered with a plan that has it, at today’s price', async () => {
    const user = await subscriber(deliveries, { plan: 'Daily' })
    await spendAll(user)
    const way = { type: 'plan', plan: 'Creator', amount: 2200, credits: 3000 }
    expect(await ask(user, 3000)).toMatchObject([{ ...way, enough: true }])
    expect(await ask(user, 3001)).toMatchObject([{ ...way, enough: false }])
  })

  it('a missing feature is offered without amounts while Stripe does not answer', async () => {
    const user = await subscriber(deliveries, { plan: 'Daily' })
    await grantCredits(user._id, [
      { key: `grant:${randomUUID()}`, credits: 5, source: { type: 'admin', id: randomUUID() } },
    ])
    context.sandbox.faults.api = [{ failure: 503 }]
    const [way] = await ask(user, 5)
    expect(way).toMatchObject({ plan: 'Creator', enough: true })
    expect(way).not.toHaveProperty('amount')
  })
})

describe('the upgrade page', () => {
  const ask = async (user: User) => {
    const request = await visitAs(user, '/billing/upgrade?feature=prioritySupport')
    return upgradeLoader({ request, params: {}, context: {} })
  }

  it('the upgrade page says what the change costs and grants today, and what comes after', async () => {
    const user = await subscriber(deliveries, { plan: 'Daily' })
    expect((await ask(user)).ways).toEqual([
      {
        plan: 'Creator',
        sum: { pay: ['You pay today', '$22.00'], get: ['You get today', '3,000 credits'] },
        then: 'Then $40.00 and 5,000 credits each month.',
        to: '/billing/change?plan=Creator&interval=month',
        label: 'Change to Creator',
      },
    ])
  })

  it('the upgrade page offers the change without amounts while Stripe does not answer', async () => {
    const user = await subscriber(deliveries, { plan: 'Daily' })
    context.sandbox.faults.api = [{ failure: 503 }]
    expect((await ask(user)).ways).toMatchObject([{ sum: null, label: 'Change to Creator' }])
  })

  it('the upgrade page offers no change while a payment is due, but how to pay it', async () => {
    const page = await ask(await overdueSubscriber(deliveries))
    expect(page).toMatchObject({ ways: [], notices: [{ action: 'update-card' }] })
  })
})
