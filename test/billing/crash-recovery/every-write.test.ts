import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { auditGrants } from '#app/billing/purchases/audit-grants.server.ts'
import { changePlan } from '#app/billing/plan-changes/change-plan.server.ts'
import { createCheckout } from '#app/billing/checkout/create-checkout.server.ts'
import { auditCredits } from '#app/credits/audit.server.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import { freshKey } from '#app/credits/keys.ts'
import { spendCredits } from '#app/credits/spend.server.ts'
import { runUpkeep } from '#app/credits/upkeep.server.ts'
import { PaymentModel } from '#models/payment.server.ts'
import type { User } from '#models/user.server.ts'
import { failRefund } from '#sandbox/stripe/billing/payments/refund.ts'
import { useDatabase } from '#test/setup/database.ts'
import { DyingProcess, type Moment } from './crashes.ts'
import { decide, DISPUTED_CARD } from '../bank.ts'
import { advance, useSandboxClock } from '../clock.ts'
import { newestCharge } from '../customers.ts'
import { usePlan } from '../plan.ts'
import { aUser, creditsOf, Deliveries, historyOf, post, readUser, sessionIdOf } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

/*
 * For each kind of operation: a process that handles it dies at a write, before or after it took effect, and
 * another one gets the retries. By default at some of the writes; DIES_OFFSET=1 takes their neighbors, DIES_ALL=1 all.
 */

const { DIES_ALL, DIES_OFFSET } = process.env
const POINTS = 4
vi.setConfig({ testTimeout: DIES_ALL ? 1_800_000 : 120_000 })
const OFFSET = Number(DIES_OFFSET ?? 0)

const context = useStripe()
useDatabase()
const deliveries = new Deliveries(context)
const dying = new DyingProcess()
const beginner = usePlan('Beginner')
useSandboxClock(context)
beforeAll(() => dying.watch())
afterAll(() => dying.restore())

interface Happening {
  /** What the user does in the app, unless everything happens at Stripe. */
  act?: () => Promise<unknown>
  check: () => Promise<void>
  user: User
}

/** Runs the same operation for one user after another, and dies at another write each time. */
async function dieEverywhere(arrange: () => Promise<Happening>): Promise<void> {
  const once = async (at: number, moment: Moment) => {
    deliveries.take()
    const { act, check, user } = await arrange()
    const ended = await dying.live(act ?? (() => Promise.resolve()), { at, moment, deliveries })
    await check().catch((error: unknown) => {
      throw new Error(`Died ${moment} write ${at} (DIES_OFFSET=${OFFSET}): ${(error as Error).message}`)
    })
    await leave(user)
    return ended
  }
  const { writes } = await once(Infinity, 'before')
  expect(writes).toBeGreaterThan(3)
  const all = Array.from({ length: 2 * writes }, (_, n) => ({
    at: Math.floor(n / 2) + 1,
    moment: n % 2 ? ('after' as const) : ('before' as const),
  }))
  // An odd step, so that crashes before and after a write both occur.
  const every = DIES_ALL ? 1 : Math.ceil(all.length / POINTS) | 1
  let deaths = 0
  for (const { at, moment } of all.filter((_, n) => n % every === OFFSET % every)) {
    if ((await once(at, moment)).died) deaths++
  }
  expect(deaths).toBeGreaterThan(0)
  if (DIES_ALL) console.info(`${writes} writes, ${deaths} deaths`)
  expect((await auditCredits()).violations).toEqual([])
  expect(await auditGrants()).toMatchObject({ violations: [], unfinished: [] })
}

/** Ends the user's plan, so that later months do not renew it. */
async function leave({ _id }: User): Promise<void> {
  const { stripeCustomerId: customer } = await readUser(_id)
  if (!customer) return
  for (const { id } of (await context.stripe.subscriptions.list({ customer })).data)
    await context.stripe.subscriptions.cancel(id)
}

async function deliverAll(): Promise<void> {
  for (const event of deliveries.take()) expect((await post(JSON.stringify(event))).status).toBe(200)
}

async function subscriber(card?: string): Promise<User> {
  const user = await aUser()
  await deliveries.buy({ user, plan: 'Beginner', interval: 'month' }, card)
  await deliverAll()
  return readUser(user._id)
}

async function disputeOf(user: User) {
  const { id: charge } = await newestCharge(context, user)
  return (await context.stripe.disputes.list({ charge })).data[0]!
}

const planOf = async ({ _id }: User) => (await readUser(_id)).subscription

describe('a process that dies at any write', () => {
  it('a plan purchase survives a crash at any write', () =>
    dieEverywhere(async () => {
      const user = await aUser()
      await deliveries.buy({ user, plan: 'Beginner', interval: 'month' })
      const check = async () => {
        expect(await creditsOf(user)).toBe(1000)
        expect(await historyOf(user)).toMatchObject([
          { creditsAdded: 1000, status: 'active', isCurrentSubscription: true },
        ])
        expect(await planOf(user)).toMatchObject({ plan: 'Beginner', status: 'active' })
      }
      return { user, check }
    }))

  it('the start of a trial survives a crash at any write', () =>
    dieEverywhere(async () => {
      beginner.trial = { days: 7, credits: 50 }
      const user = await aUser()
      await deliveries.buy({ user, plan: 'Beginner', interval: 'month' })
      const check = async () => {
        expect(await creditsOf(user)).toBe(50)
        expect(await historyOf(user)).toMatchObject([{ creditsAdded: 50, amount: 0 }])
        expect(await planOf(user)).toMatchObject({ plan: 'Beginner', status: 'trialing' })
      }
      return { user, check }
    }))

  it('a renewal with a rollover cap survives a crash at any write', () =>
    dieEverywhere(async () => {
      beginner.unusedCredits = { cap: 300 }
      const user = await subscriber()
      await spendCredits({ accountId: user._id, key: freshKey('spend'), credits: 100, action: 'test' })
      advance(context, 32)
      const check = async () => {
        expect(await creditsOf(user)).toBe(1300)
        expect(await historyOf(user)).toHaveLength(2)
        expect(await planOf(user)).toMatchObject({ plan: 'Beginner', status: 'active' })
      }
      return { user, check }
    }))

  it('a monthly share of a capped yearly plan survives a crash at any write', () =>
    dieEverywhere(async () => {
      Object.assign(beginner, { unusedCredits: { cap: 300 }, yearlyCredits: 'monthly' })
      const user = await aUser()
      await deliveries.buy({ user, plan: 'Beginner', interval: 'year' })
      await deliverAll()
      const act = async () => {
        advance(context, 32)
        await runUpkeep()
      }
      const check = async () => {
        await runUpkeep()
        expect(await creditsOf(user)).toBe(1300)
        expect(await getBalance(user._id)).toMatchObject({ credits: 1300 })
      }
      return { user, act, check }
    }))

  it('a pack purchase survives a crash at any write', () =>
    dieEverywhere(async () => {
      const user = await aUser()
      await deliveries.buy({ user, pack: '500' })
      const check = async () => {
        expect(await creditsOf(user)).toBe(500)
        expect(await PaymentModel.find({ userId: user._id }).lean()).toMatchObject([
          { creditsAdded: 500, status: 'paid' },
        ])
      }
      return { user, check }
    }))

  it('an upgrade survives a crash at any write, from the click on', () =>
    dieEverywhere(async () => {
      const user = await subscriber()
      const act = () => changePlan(user, { plan: 'Creator', interval: 'month' }, { nonce: randomUUID() })
      const check = async () => {
        const { stripeCustomerId: customer } = await readUser(user._id)
        const [running] = (await context.stripe.subscriptions.list({ customer: customer! })).data
        const isOrdered = running!.items.data[0]!.price.metadata.plan === 'Creator'
        expect(await planOf(user)).toMatchObject({ plan: isOrdered ? 'Creator' : 'Beginner', status: 'active' })
        expect(await creditsOf(user)).toBe(isOrdered ? 5000 : 1000)
        expect(await historyOf(user)).toHaveLength(isOrdered ? 2 : 1)
      }
      return { user, act, check }
    }))

  it('two partial refunds survive a crash at any write', () =>
    dieEverywhere(async () => {
      const user = await subscriber()
      const { id: charge } = await newestCharge(context, user)
      for (const amount of [333, 250]) await context.stripe.refunds.create({ charge, amount })
      const check = async () => {
        expect(await creditsOf(user)).toBe(1000 - 583)
        expect(await historyOf(user)).toMatchObject([{ status: 'partially_refunded', amountRefunded: 583 }])
      }
      return { user, check }
    }))

  it('a failed refund survives a crash at any write', () =>
    dieEverywhere(async () => {
      const user = await subscriber()
      const { id: charge } = await newestCharge(context, user)
      const { id } = await context.stripe.refunds.create({ charge, amount: 400 })
      await deliverAll()
      const { world } = context.sandbox
      world.run(() => failRefund(world, world.tables.refunds.get(id)!))
      const check = async () => {
        expect(await creditsOf(user)).toBe(1000)
        expect(await historyOf(user)).toMatchObject([{ status: 'active', amountRefunded: 0 }])
      }
      return { user, check }
    }))

  it('an opened dispute survives a crash at any write', () =>
    dieEverywhere(async () => {
      const user = await aUser()
      await deliveries.buy({ user, plan: 'Beginner', interval: 'month' }, DISPUTED_CARD)
      const check = async () => {
        expect(await getBalance(user._id)).toMatchObject({ credits: 0, frozen: 'dispute' })
        expect(await historyOf(user)).toMatchObject([{ status: 'disputed' }])
      }
      return { user, check }
    }))

  it('a won dispute survives a crash at any write', () =>
    dieEverywhere(async () => {
      const user = await subscriber(DISPUTED_CARD)
      const { id } = await disputeOf(user)
      await decide(context, id, 'won')
      const check = async () => {
        expect(await getBalance(user._id)).toMatchObject({ credits: 1000, frozen: null })
        expect(await historyOf(user)).toMatchObject([{ status: 'active' }])
      }
      return { user, check }
    }))

  it('a lost dispute survives a crash at any write', () =>
    dieEverywhere(async () => {
      const user = await subscriber(DISPUTED_CARD)
      await context.stripe.disputes.close((await disputeOf(user)).id)
      const check = async () => {
        expect(await getBalance(user._id)).toMatchObject({ credits: 0, frozen: null })
        expect(await historyOf(user)).toMatchObject([{ status: 'dispute_lost' }])
      }
      return { user, check }
    }))

  it('a second subscription from another tab survives a crash at any write', () =>
    dieEverywhere(async () => {
      const user = await aUser()
      for (const session of await twoTabs(user)) context.sandbox.completeCheckout(session)
      const check = async () => {
        const { stripeCustomerId: customer } = await readUser(user._id)
        const { data } = await context.stripe.subscriptions.list({ customer: customer! })
        expect(data).toHaveLength(1)
        expect(await planOf(user)).toMatchObject({ stripeSubscriptionId: data[0]!.id, status: 'active' })
        expect(await creditsOf(user)).toBe(1000)
      }
      return { user, check }
    }))

  it('the end of a plan survives a crash at any write', () =>
    dieEverywhere(async () => {
      const user = await subscriber()
      await context.stripe.subscriptions.cancel(user.subscription!.stripeSubscriptionId!)
      const check = async () => {
        expect(await creditsOf(user)).toBe(1000)
        expect(await historyOf(user)).toMatchObject([{ status: 'cancelled', isCurrentSubscription: false }])
        expect(await planOf(user)).toMatchObject({ plan: 'Free', stripeSubscriptionId: null })
      }
      return { user, check }
    }))
})

/** Checkout pages that were all opened before one was paid. */
async function twoTabs(user: User): Promise<string[]> {
  const sessions: string[] = []
  for (let tab = 0; tab < 2; tab++) {
    const { url } = await createCheckout({ user, plan: 'Beginner', interval: 'month' }, { nonce: randomUUID() })
    sessions.push(sessionIdOf(url))
  }
  return sessions
}
