import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { auditGrants } from '#app/billing/purchases/audit-grants.server.ts'
import { createCheckout } from '#app/billing/checkout/create-checkout.server.ts'
import type * as Card from '#app/billing/stripe/objects/card.ts'
import { checkoutStatus } from '#app/billing/checkout/checkout-status.server.ts'
import { auditCredits } from '#app/credits/audit.server.ts'
import { BillingHistoryModel } from '#models/billing-history.server.ts'
import { NotificationModel } from '#models/notification.server.ts'
import { TrialCardModel } from '#models/trial-card.server.ts'
import type { User } from '#models/user.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { usePlan } from '../plan.ts'
import { aUser, creditsOf, Deliveries, historyOf, post, readUser, sessionIdOf } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

// The sandbox has test cards only; here they count as real ones.
const cards = vi.hoisted(() => ({ areLive: true }))
vi.mock('#app/billing/stripe/objects/card.ts', async (original) => {
  const { readCard } = await original<typeof Card>()
  return { readCard: (object: unknown) => ({ ...readCard(object), isLive: cards.areLive }) }
})

const context = useStripe()
useDatabase()
const deliveries = new Deliveries(context)
const beginner = usePlan('Beginner')

beforeEach(async () => {
  cards.areLive = true
  beginner.trial = { days: 7, credits: 50 }
  await TrialCardModel.deleteMany({})
})

async function pay(user: User): Promise<string> {
  const { url } = await createCheckout({ user, plan: 'Beginner', interval: 'month' }, { nonce: randomUUID() })
  context.sandbox.completeCheckout(sessionIdOf(url))
  return sessionIdOf(url)
}

async function trialist(): Promise<User> {
  const user = await aUser()
  await pay(user)
  await deliveries.deliver()
  return readUser(user._id)
}

describe('a trial with a card', () => {
  it('a trial with another account’s card starts without credits, and row, page and mail say so', async () => {
    const first = await trialist()
    const second = await aUser()
    const session = await pay(second)
    await deliveries.deliver()
    const [row] = await historyOf(second)

    expect([await creditsOf(first), await creditsOf(second)]).toEqual([50, 0])
    expect((await readUser(second._id)).subscription?.status).toBe('trialing')
    expect(row).toMatchObject({ amount: 0, creditsAdded: 0 })
    expect(await checkoutStatus(await readUser(second._id), session)).toEqual({
      state: 'arrived',
      credits: 0,
      isSecondTrialOfCard: true,
    })
    expect(await NotificationModel.exists({ _id: `trial_without_credits:${row?.stripeInvoiceId}` })).not.toBeNull()
    expect(await NotificationModel.countDocuments({ userId: first._id, kind: 'trial_without_credits' })).toBe(0)
    expect(await auditGrants()).toMatchObject({ violations: [] })
    expect(await auditCredits()).toMatchObject({ violations: [] })
  })

  it('a trial with one card on two accounts at once grants credits to one of them, in any order of events', async () => {
    const users = [await aUser(), await aUser()]
    for (const user of users) await pay(user)
    const paid = deliveries.waiting('invoice.paid')
    await Promise.all(
      paid.flatMap((event) => [1, 2, 3].map((copy) => post(JSON.stringify({ ...event, id: `${event.id}_${copy}` })))),
    )
    await deliveries.deliver({ order: (events) => [...events].reverse() })

    expect((await Promise.all(users.map(creditsOf))).sort()).toEqual([0, 50])
  })

  it('a trial with the account’s own card grants its credits once, also after a crash', async () => {
    const user = await trialist()
    await BillingHistoryModel.deleteMany({ userId: user._id })
    const [event] = context.sandbox.events('invoice.paid').slice(-1)
    await post(JSON.stringify({ ...event, id: `evt_${randomUUID()}` }))

    expect(await creditsOf(user)).toBe(50)
    expect((await historyOf(user)).map(({ creditsAdded }) => creditsAdded)).toEqual([50])
  })

  it('a trial with a test card, which everybody uses, grants credits to every account', async () => {
    cards.areLive = false

    expect(await creditsOf(await trialist())).toBe(50)
    expect(await creditsOf(await trialist())).toBe(50)
  })
})
