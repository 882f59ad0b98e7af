import { describe, expect, it } from 'vitest'
import { stillTrue, notifyExpiring } from '#app/billing/entitlements/expiry-notices.server.ts'
import { cancelAtPeriodEnd } from '#app/billing/plan-changes/cancel.server.ts'
import { contentOf } from '#app/notifications/content.ts'
import { parseContent } from '#app/notifications/kinds.ts'
import { runUpkeep } from '#app/credits/upkeep.server.ts'
import { NotificationModel } from '#models/notification.server.ts'
import type { User } from '#models/user.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { advance, useSandboxClock } from '../clock.ts'
import { spend, subscriber } from '../customers.ts'
import { usePlan } from '../plan.ts'
import { Deliveries } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

const context = useStripe()
useDatabase()
const deliveries = new Deliveries(context)
const beginner = usePlan('Beginner')
useSandboxClock(context)

async function noticesOf({ _id }: User) {
  await runUpkeep()
  await Promise.all([notifyExpiring(), notifyExpiring()])
  await notifyExpiring()
  const found = await NotificationModel.find({ userId: _id, kind: 'credits_expiring' }).sort({ createdAt: 1 }).lean()
  return found.map(({ _id: id, data }) => ({
    days: Number(/:(\d+)$/.exec(id)![1]),
    losses: (data as { losses: unknown }).losses,
    content: parseContent('credits_expiring', data),
  }))
}

describe('the mail before unused credits are lost', () => {
  it('an expiry notice is sent a week and a day before a renewal above a cap, once each', async () => {
    beginner.unusedCredits = { cap: 300 }
    const user = await subscriber(deliveries)
    expect(await noticesOf(user)).toEqual([])
    advance(context, 24)
    const losses = [{ credits: 700, plan: 'Beginner', limit: 300 }]
    expect(await noticesOf(user)).toMatchObject([{ days: 7, losses }])
    advance(context, 5.5)
    expect((await noticesOf(user)).map(({ days }) => days)).toContain(1)
    expect(await noticesOf(user)).toHaveLength(2)
  })

  it('an expiry notice is sent before an expiry, also after the plan was canceled', async () => {
    beginner.unusedCredits = 'expire'
    const user = await subscriber(deliveries)
    await cancelAtPeriodEnd(user)
    advance(context, 27)
    const losses = [{ credits: 1000, plan: 'Beginner', limit: null }]
    expect(await noticesOf(user)).toMatchObject([{ days: 7, losses }])
    // The mail about the cancellation announces the expiry too, and does not say that the credits stay.
    const canceled = await NotificationModel.findOne({ userId: user._id, kind: 'subscription_canceled' }).lean()
    const { paragraphs } = contentOf(parseContent('subscription_canceled', canceled!.data), {
      ...{ name: '', timeZone: 'UTC', appUrl: 'https://scrip.example' },
    })
    expect(paragraphs[1]).toMatch(/^No new credits will be added\. 1,000 unused Beginner credits expire on /)
  })

  it('an expiry notice is sent once if the clock skips the week, and not at all if it skips the expiry', async () => {
    beginner.unusedCredits = { cap: 300 }
    const user = await subscriber(deliveries)
    advance(context, 29.9)
    expect((await noticesOf(user)).length).toBeLessThanOrEqual(1)
    const late = await subscriber(deliveries)
    advance(context, 33)
    await deliveries.deliver()
    expect(await noticesOf(late)).toEqual([])
  })

  it('an expiry notice is not sent if nothing expires, and is dropped if nothing expires any more', async () => {
    beginner.unusedCredits = { cap: 300 }
    const user = await subscriber(deliveries)
    advance(context, 24)
    const [notice] = await noticesOf(user)
    await spend(user, 500)
    expect(await stillTrue(user._id, notice!.content)).toMatchObject({ data: { losses: [{ credits: 200 }] } })
    await spend(user, 200)
    expect(await stillTrue(user._id, notice!.content)).toBeNull()
    advance(context, 5.5)
    expect(await noticesOf(user)).toHaveLength(1)
  })
})
