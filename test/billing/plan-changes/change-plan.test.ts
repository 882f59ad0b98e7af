import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { cancelAtPeriodEnd } from '#app/billing/plan-changes/cancel.server.ts'
import { changePlan } from '#app/billing/plan-changes/change-plan.server.ts'
import { previewPlanChange } from '#app/billing/plan-changes/change-preview.server.ts'
import { AlreadySubscribed, NoSubscription } from '#app/billing/errors.ts'
import { listBillingHistory } from '#app/billing/purchases/list-history.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { advance, useSandboxClock } from '../clock.ts'
import { payWith, scheduledChangeOf, subscriber } from '../customers.ts'
import { aUser, creditsOf, Deliveries, historyOf, readUser } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

const context = useStripe()
useDatabase()
const deliveries = new Deliveries(context)
useSandboxClock(context)

describe('a plan change', () => {
  it('an upgrade takes effect now, for the rest of the period, with the money and credits that were shown', async () => {
    const user = await subscriber(deliveries)
    advance(context, 10)
    const choice = { plan: 'Creator', interval: 'month' as const }
    const preview = await previewPlanChange(user, choice)
    const after = { price: { amount: 4000, credits: 5000 } }
    expect(preview).toMatchObject({ when: 'now', from: { plan: 'Beginner' }, after })
    expect(preview.amountDue).toBeGreaterThan(1800)
    expect(preview.amountDue).toBeLessThan(2200)
    expect(preview.credits).toBeGreaterThan(2400)

    const result = await changePlan(user, choice, { nonce: randomUUID(), prorationDate: preview.prorationDate })
    expect(result).toEqual({ state: 'changed' })
    expect(await creditsOf(user)).toBe(1000 + preview.credits)
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Creator', status: 'active' })
    await deliveries.deliver()
    expect(await creditsOf(user)).toBe(1000 + preview.credits)
    const [newest] = await listBillingHistory(user._id)
    expect(newest).toMatchObject({ planName: 'Creator', amount: preview.amountDue, creditsAdded: preview.credits })
  })

  it('a double click on an upgrade charges once', async () => {
    const user = await subscriber(deliveries)
    const nonce = randomUUID()
    const choice = { plan: 'Daily', interval: 'month' as const }
    await Promise.allSettled([changePlan(user, choice, { nonce }), changePlan(user, choice, { nonce })])
    await deliveries.deliver()
    expect(await historyOf(user)).toHaveLength(2)
  })

  it('a change from monthly to yearly takes effect now and costs a year less the rest of the month', async () => {
    const user = await subscriber(deliveries)
    const choice = { plan: 'Beginner', interval: 'year' as const }
    const preview = await previewPlanChange(user, choice)
    await changePlan(user, choice)
    await deliveries.deliver()
    expect(preview.credits).toBeGreaterThanOrEqual(11_000)
    expect(await creditsOf(user)).toBe(1000 + preview.credits)
    expect((await readUser(user._id)).subscription).toMatchObject({ interval: 'year' })
  })

  it('an upgrade with a declined card changes nothing and says so', async () => {
    const user = await subscriber(deliveries)
    await payWith(context, user, 'pm_card_chargeCustomerFail')
    const order = changePlan(user, { plan: 'Daily', interval: 'month' })
    await expect(order).rejects.toThrow('Your card was declined. Nothing has changed.')
    await deliveries.deliver()
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Beginner', status: 'active' })
    expect(await creditsOf(user)).toBe(1000)
  })

  it('an upgrade whose card requires authentication leads to a confirmation, and then takes effect', async () => {
    const user = await subscriber(deliveries)
    await payWith(context, user, 'pm_card_authenticationRequired')
    const result = await changePlan(user, { plan: 'Daily', interval: 'month' })
    expect(result).toMatchObject({ state: 'payment-needed', url: expect.stringMatching(/^http/) as string })
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Beginner', status: 'active' })
  })

  it('a downgrade takes effect at period end, and can be undone until then', async () => {
    const user = await subscriber(deliveries, { plan: 'Creator' })
    const choice = { plan: 'Beginner', interval: 'month' as const }
    expect(await previewPlanChange(user, choice)).toMatchObject({ when: 'period-end', amountDue: 0, credits: 0 })
    expect(await changePlan(user, choice)).toEqual({ state: 'scheduled', at: user.subscription?.currentPeriodEnd })
    expect(await scheduledChangeOf(user)).toMatchObject({ ...choice, at: user.subscription?.currentPeriodEnd })
    await deliveries.deliver()
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Creator' })

    expect(await changePlan(user, { plan: 'Creator', interval: 'month' })).toEqual({ state: 'changed' })
    expect(await scheduledChangeOf(user)).toBeNull()

    await changePlan(user, choice)
    advance(context, 32)
    await deliveries.deliver()
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Beginner', status: 'active' })
    expect(await creditsOf(user)).toBe(6000)
  })

  it('a cancellation replaces a scheduled downgrade', async () => {
    const user = await subscriber(deliveries, { plan: 'Daily' })
    await changePlan(user, { plan: 'Beginner', interval: 'month' })
    await cancelAtPeriodEnd(user)
    advance(context, 32)
    await deliveries.deliver()
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Free', stripeSubscriptionId: null })
    expect(await creditsOf(user)).toBe(2000)
  })

  it('a canceled plan that is changed continues', async () => {
    const user = await subscriber(deliveries)
    await cancelAtPeriodEnd(user)
    await changePlan(user, { plan: 'Daily', interval: 'month' })
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Daily', cancelAtPeriodEnd: false })
  })

  it('a change to the current plan is refused', async () => {
    const user = await subscriber(deliveries)
    await expect(changePlan(user, { plan: 'Beginner', interval: 'month' })).rejects.toThrow(AlreadySubscribed)
    await expect(previewPlanChange(await aUser(), { plan: 'Daily', interval: 'month' })).rejects.toThrow(NoSubscription)
  })

  it('a double click on a downgrade schedules it once', async () => {
    const user = await subscriber(deliveries, { plan: 'Creator' })
    const nonce = randomUUID()
    const choice = { plan: 'Beginner', interval: 'month' as const }
    expect(await changePlan(user, choice, { nonce })).toMatchObject({ state: 'scheduled' })
    expect(await changePlan(user, choice, { nonce })).toMatchObject({ state: 'scheduled' })
    expect(await scheduledChangeOf(user)).toMatchObject({ plan: 'Beginner' })
  })

  it('two clicks at once on a downgrade schedule it once', async () => {
    const user = await subscriber(deliveries, { plan: 'Creator' })
    const nonce = randomUUID()
    const choice = { plan: 'Beginner', interval: 'month' as const }
    const both = await Promise.all([1, 2].map(() => changePlan(user, choice, { nonce })))
    expect(both).toMatchObject([{ state: 'scheduled' }, { state: 'scheduled' }])
    expect(await scheduledChangeOf(user)).toMatchObject({ plan: 'Beginner' })
  })

  it('a downgrade from another form replaces the scheduled one', async () => {
    const user = await subscriber(deliveries, { plan: 'Creator' })
    await changePlan(user, { plan: 'Daily', interval: 'month' }, { nonce: randomUUID() })
    await changePlan(user, { plan: 'Beginner', interval: 'month' }, { nonce: randomUUID() })
    expect(await scheduledChangeOf(user)).toMatchObject({ plan: 'Beginner' })
    advance(context, 32)
    await deliveries.deliver()
    expect((await readUser(user._id)).subscription?.plan).toBe('Beginner')
    expect(await creditsOf(user)).toBe(6000)
  })
})
