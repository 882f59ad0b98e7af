import { afterEach, describe, expect, it } from 'vitest'
import { auditGrants } from '#app/billing/purchases/audit-grants.server.ts'
import { pauseOverdue } from '#app/billing/subscriptions/grace-period.server.ts'
import { setNow } from '#app/clock.server.ts'
import { auditCredits } from '#app/credits/audit.server.ts'
import { follow } from '#test/billing/clock.ts'
import { payWith, spend, subscriber } from '#test/billing/customers.ts'
import { usePlan } from '#test/billing/plan.ts'
import { creditsOf, Deliveries, historyOf, readUser } from '#test/billing/scenario.ts'
import { useStripe } from '#test/billing/stripe.ts'
import { useDatabase } from '#test/setup/database.ts'

const context = useStripe()
useDatabase()
const line = new Deliveries(context)
const beginner = usePlan('Beginner')
afterEach(() => {
  setNow(null)
})

describe('between the end of a period and the paid renewal', () => {
  it('credits that expire stay until the renewal is paid, an hour later or at the end of the grace period (H35)', async () => {
    beginner.unusedCredits = 'expire'
    const user = await subscriber(line)
    const end = user.subscription!.currentPeriodEnd!.getTime()
    context.sandbox.advanceTo(end / 1000 + 600)
    follow(context)
    await line.deliver()
    // The invoice is a draft for an hour, during which the old credits stay.
    expect(await historyOf(user)).toHaveLength(1)
    expect(await creditsOf(user)).toBe(1000)
    await spend(user, 10)
    context.sandbox.advanceTo(end / 1000 + 5000)
    follow(context)
    await line.deliver()
    expect(await creditsOf(user)).toBe(1990)
  })

  it('credits that expire stay for the whole grace period when the renewal fails (H35)', async () => {
    beginner.unusedCredits = 'expire'
    const user = await subscriber(line)
    await payWith(context, user, 'pm_card_chargeCustomerFail')
    const end = user.subscription!.currentPeriodEnd!.getTime()
    context.sandbox.advanceTo(end / 1000 + 2 * 86_400)
    follow(context)
    await line.deliver()
    expect((await readUser(user._id)).subscription?.status).toBe('past_due')
    expect(await creditsOf(user)).toBe(1000)
    await spend(user, 1)
  })
})

describe('the books', () => {
  it('the books balance after these cases', async () => {
    follow(context)
    await pauseOverdue()
    expect((await auditGrants()).violations).toEqual([])
    expect((await auditCredits()).violations).toEqual([])
  })
})
