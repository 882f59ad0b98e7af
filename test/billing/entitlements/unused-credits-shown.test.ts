import { afterEach, describe, expect, it } from 'vitest'
import { plans } from '#app/billing/plans.ts'
import { runUpkeep } from '#app/credits/upkeep.server.ts'
import { loader as billing } from '#app/routes/_app.billing._index/route.tsx'
import { loader as overview } from '#app/routes/_app.dashboard/route.tsx'
import { rulesOfSale } from '#app/routes/pricing/rules.server.ts'
import type { User } from '#models/user.server.ts'
import { visitAs } from '#test/auth/users.ts'
import { useDatabase } from '#test/setup/database.ts'
import { advance, advanceToRenewal, useSandboxClock } from '../clock.ts'
import { subscriber } from '../customers.ts'
import { usePlan } from '../plan.ts'
import { creditsOf, Deliveries, readUser } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

const context = useStripe()
useDatabase()
const deliveries = new Deliveries(context)
const [beginner, daily] = [usePlan('Beginner'), usePlan('Daily')]
useSandboxClock(context)
afterEach(async () => {
  // Ends the plan, so that it does not renew in the tests that follow.
  for (const { id } of (await context.stripe.subscriptions.list({ limit: 100 })).data)
    await context.stripe.subscriptions.cancel(id)
  deliveries.take()
})

/** What Overview and Billing say about unused credits, which has to be the same. */
async function said(user: User) {
  const args = async (path: string) => ({
    request: await visitAs(await readUser(user._id), path),
    params: {},
    context: {},
  })
  const rows = (stub: { term: string; value: string; note?: string | null }[]) =>
    stub.filter(({ term }) => term === 'Unused credits' || term === 'Next to expire')
  const onOverview = rows((await overview(await args('/dashboard'))).balance.stub)
  expect(rows((await billing(await args('/billing'))).plan.stub)).toEqual(onOverview)
  return onOverview
}

describe('the unused credits that the next renewal takes', () => {
  it('Overview and Billing show how many credits above a cap the next renewal takes', async () => {
    daily.unusedCredits = { cap: 300 }
    const user = await subscriber(deliveries, { plan: 'Daily' })
    const row = { term: 'Unused credits', value: 'Up to 300 Daily credits roll over' }
    expect(await said(user)).toEqual([
      { ...row, note: expect.stringMatching(/^1,700 more expire on \d+ \w+ unless you use them\.$/) as string },
    ])

    await advanceToRenewal(context, user)
    await deliveries.deliver()
    expect(await creditsOf(user)).toBe(2000 - 1700 + 2000)
  })

  it('Overview and Billing show how many credits expire, and on which day', async () => {
    beginner.unusedCredits = 'expire'
    const user = await subscriber(deliveries)
    const [row] = await said(user)
    expect(row).toMatchObject({ term: 'Next to expire', value: expect.stringMatching(/^1,000 credits on /) as string })

    advance(context, 35)
    await deliveries.deliver()
    await runUpkeep()
    expect(await creditsOf(user)).toBe(1000)
  })

  it('Overview and Billing show no loss where all credits roll over', async () => {
    expect(await said(await subscriber(deliveries))).toEqual([])
  })
})

describe('the FAQ on the pricing page', () => {
  const rule = (term: string) => rulesOfSale().find((one) => one.term === term)?.text

  it('the pricing page says that unused credits roll over if every plan lets them', () => {
    expect(plans.every(({ unusedCredits }) => unusedCredits === 'accumulate')).toBe(true)
    expect(rule('Unused credits')).toBe('Unused credits roll over to the next month.')
    expect(rule('Canceling')).toMatch(/you keep your credits after that\.$/)
  })

  it('the pricing page says what each plan does with unused credits if plans differ', () => {
    beginner.unusedCredits = 'expire'
    daily.unusedCredits = { cap: 300 }
    expect(rule('Unused credits')).toBe(
      'Unused Creator credits roll over. Unused Beginner credits expire 3 days after their period ends. Up to 300 unused Daily credits roll over. Credit packs do not expire.',
    )
    expect(rule('Canceling')).toMatch(/you keep your credits after that until they expire\.$/)
  })
})
