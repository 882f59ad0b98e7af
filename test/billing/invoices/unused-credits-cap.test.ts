import { afterEach, describe, expect, it } from 'vitest'
import { now, setNow } from '#app/clock.server.ts'
import { changePlan } from '#app/billing/plan-changes/change-plan.server.ts'
import { recordPaidInvoice } from '#app/billing/invoices/record-paid-invoice.server.ts'
import { auditCredits } from '#app/credits/audit.server.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import { grantCredits } from '#app/credits/grant.server.ts'
import { captureHold, placeHold } from '#app/credits/hold.server.ts'
import { freshKey } from '#app/credits/keys.ts'
import { listEntries } from '#app/credits/ledger.server.ts'
import { livePorts } from '#app/credits/ports.server.ts'
import { mongoStore } from '#app/credits/store.server.ts'
import { runUpkeep } from '#app/credits/upkeep.server.ts'
import { loader as changePage } from '#app/routes/_app.billing.change/route.tsx'
import { startSession } from '#app/auth/session.server.ts'
import type { User } from '#models/user.server.ts'
import { failRefund } from '#sandbox/stripe/billing/payments/refund.ts'
import { cookieOf, visit } from '#test/auth/users.ts'
import { useDatabase } from '#test/setup/database.ts'
import { advance, follow, useSandboxClock } from '../clock.ts'
import { spend, subscriptionIdOf } from '../customers.ts'
import { usePlan } from '../plan.ts'
import { aUser, creditsOf, Deliveries, historyOf, readUser } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

/* Plans with a rollover cap on their own unused credits. */

const context = useStripe()
useDatabase()
const deliveries = new Deliveries(context)
const beginner = usePlan('Beginner')
const creator = usePlan('Creator')
useSandboxClock(context)
const store = { ...mongoStore }
/** Another machine, which does not wait for operations of this one. */
const elsewhere = { ...livePorts, inTurn: <T>(_id: unknown, work: () => Promise<T>) => work() }
afterEach(async () => {
  Object.assign(mongoStore, store)
  expect((await auditCredits()).violations).toEqual([])
  // Ends the plan, so that it does not renew in the tests that follow.
  for (const { id } of (await context.stripe.subscriptions.list({ limit: 100 })).data)
    await context.stripe.subscriptions.cancel(id)
  deliveries.take()
})

async function subscriber({
  plan = 'Beginner',
  interval = 'month',
  before,
}: { plan?: string; interval?: 'month' | 'year'; before?: (user: User) => Promise<unknown> } = {}): Promise<User> {
  const user = await aUser()
  await before?.(user)
  await deliveries.buy({ user, plan, interval })
  await deliveries.deliver()
  return readUser(user._id)
}

/** Advances one month. @returns the renewal's invoice, whose events are not delivered yet */
function renewed(): string {
  advance(context, 32)
  return (context.sandbox.events('invoice.paid').at(-1)!.data.object as { id: string }).id
}

async function monthPasses(): Promise<void> {
  renewed()
  await deliveries.deliver()
}

/** Runs some work once, between the read of the account and the write that applies the cap. */
function meanwhile(work: (write: () => Promise<unknown>) => Promise<unknown>): { isDone: boolean } {
  const state = { isDone: false }
  mongoStore.updateAccount = async (filter, update) => {
    if (JSON.stringify(update).includes('sys:cap:') && !state.isDone) {
      state.isDone = true
      await work(() => store.updateAccount(filter, update))
    }
    return store.updateAccount(filter, update)
  }
  return state
}

const capsOf = async (user: User) =>
  (await listEntries(user._id)).entries.filter(({ kind }) => kind === 'cap').map(({ amount }) => amount)

describe('a rollover cap', () => {
  it('a cap spares a pack that would be spent first, at this renewal and the next', async () => {
    beginner.unusedCredits = { cap: 300 }
    const user = await subscriber({ before: (buyer) => deliveries.buy({ user: buyer, pack: '500' }) })
    for (const credits of [1800, 1800]) {
      await monthPasses()
      expect(await creditsOf(user)).toBe(credits)
    }
    const { grants } = await getBalance(user._id)
    expect(grants.filter(({ source }) => source.type === 'payment')).toMatchObject([{ remaining: 500 }])
  })

  it('a cap does not affect welcome credits, gifts and trial credits', async () => {
    Object.assign(beginner, { unusedCredits: { cap: 300 }, trial: { days: 7, credits: 50 } })
    const user = await subscriber()
    await grantCredits(user._id, [{ key: 'sys:gift', credits: 40, source: { type: 'admin', id: 'a', reason: 'gift' } }])
    await monthPasses()
    expect(await creditsOf(user)).toBe(1090)
    await monthPasses()
    expect(await creditsOf(user)).toBe(1390)
  })

  it('a cap does not take held credits, and counts what a hold returns at the next renewal', async () => {
    beginner.unusedCredits = { cap: 300 }
    const user = await subscriber()
    advance(context, 29.5)
    const { holdId } = await placeHold({ accountId: user._id, key: freshKey('hold'), credits: 500, action: 'test' })
    await monthPasses()
    expect(await getBalance(user._id)).toMatchObject({ credits: 1300, held: 500 })
    await captureHold({ accountId: user._id, holdId, credits: 100 })
    expect(await creditsOf(user)).toBe(1700)
    await monthPasses()
    expect(await creditsOf(user)).toBe(1300)
  })

  it('a cap has a ledger entry for each grant that it took from', async () => {
    beginner.unusedCredits = { cap: 1500 }
    const user = await subscriber()
    await monthPasses()
    await monthPasses()
    expect(await creditsOf(user)).toBe(2500)
    const [cap] = (await listEntries(user._id)).entries.filter(({ kind }) => kind === 'cap')
    expect(cap).toMatchObject({ amount: -500, above: { plan: 'Beginner', limit: 1500 } })
  })

  it('a first payment and an upgrade within the period apply no cap', async () => {
    beginner.unusedCredits = { cap: 300 }
    creator.unusedCredits = { cap: 300 }
    const user = await subscriber()
    await changePlan(user, { plan: 'Creator', interval: 'month' })
    await deliveries.deliver()
    expect(await creditsOf(user)).toBe(5000)
    await context.stripe.subscriptions.cancel(subscriptionIdOf(await readUser(user._id)))
    await deliveries.buy({ user, plan: 'Creator', interval: 'month' })
    await deliveries.deliver()
    expect(await creditsOf(user)).toBe(10_000)
  })
})

describe('what a cap counts', () => {
  it('a downgrade from a plan whose credits roll over takes none of them, then or later', async () => {
    beginner.unusedCredits = { cap: 300 }
    const user = await subscriber({ plan: 'Creator' })
    await monthPasses()
    await changePlan(user, { plan: 'Beginner', interval: 'month' })
    await monthPasses()
    expect((await readUser(user._id)).subscription?.plan).toBe('Beginner')
    expect(await creditsOf(user)).toBe(11_000)
    await monthPasses()
    expect(await creditsOf(user)).toBe(11_300)
    await monthPasses()
    expect(await creditsOf(user)).toBe(11_300)
  })

  it('after an upgrade the smaller plan’s credits keep their own cap, and the larger plan’s stay', async () => {
    beginner.unusedCredits = { cap: 300 }
    const user = await subscriber()
    await changePlan(user, { plan: 'Creator', interval: 'month' })
    await deliveries.deliver()
    expect(await creditsOf(user)).toBe(5000)
    await monthPasses()
    // Of Beginner's 1,000 credits 300 stay; the 4,000 of the change and the 5,000 of the renewal do.
    expect(await creditsOf(user)).toBe(9300)
    await monthPasses()
    expect(await creditsOf(user)).toBe(14_300)
  })

  it('a cap added to the plan file takes nothing of earlier grants', async () => {
    const user = await subscriber()
    await monthPasses()
    beginner.unusedCredits = { cap: 300 }
    await monthPasses()
    expect(await creditsOf(user)).toBe(3000)
    await monthPasses()
    expect(await creditsOf(user)).toBe(3300)
  })

  it('an expiry added to the plan file, or by a downgrade, takes nothing of earlier grants', async () => {
    const user = await subscriber({ plan: 'Creator' })
    beginner.unusedCredits = 'expire'
    creator.unusedCredits = 'expire'
    await changePlan(user, { plan: 'Beginner', interval: 'month' })
    await monthPasses()
    expect(await creditsOf(user)).toBe(6000)
    await monthPasses()
    advance(context, 4)
    expect(await creditsOf(user)).toBe(6000)
  })

  it('credits restored by a failed refund keep their terms', async () => {
    beginner.unusedCredits = { cap: 300 }
    const user = await subscriber()
    const [charge] = (await context.stripe.charges.list({ customer: user.stripeCustomerId! })).data
    const { id } = await context.stripe.refunds.create({ charge: charge!.id })
    await deliveries.deliver()
    expect(await creditsOf(user)).toBe(0)
    const { world } = context.sandbox
    world.run(() => failRefund(world, world.tables.refunds.get(id)!))
    await deliveries.deliver()
    expect(await creditsOf(user)).toBe(1000)
    await monthPasses()
    expect(await creditsOf(user)).toBe(1300)
  })
})

describe('what the page of a plan change promises', () => {
  const promised = async (user: User, plan: string) => {
    const search = new URLSearchParams({ plan, interval: 'month' })
    const cookie = cookieOf(await startSession(visit('/login'), { _id: user._id, sessionEpoch: 0 }))
    const page = await changePage({ request: visit(`/billing/change?${search}`, cookie), params: {}, context: {} })
    return page.view.sentences.slice(-2)
  }

  it('the page of a downgrade to a plan with a cap promises that the credits stay, and they do', async () => {
    beginner.unusedCredits = { cap: 300 }
    const user = await subscriber({ plan: 'Creator' })
    expect(await promised(user, 'Beginner')).toEqual([
      'You keep your 5,000 credits.',
      'Up to 300 unused Beginner credits roll over.',
    ])
    await changePlan(user, { plan: 'Beginner', interval: 'month' })
    await monthPasses()
    expect(await creditsOf(user)).toBe(6000)
  })

  it('the page of a change from a plan with a cap states the credits above it, and exactly those are lost', async () => {
    creator.unusedCredits = { cap: 300 }
    const user = await subscriber({ plan: 'Creator' })
    const [kept] = (await promised(user, 'Beginner')).slice(-1)
    expect(kept).toMatch(
      /^On .+ up to 300 unused Creator credits roll over; 4,700 more expire then unless you use them\.$/,
    )
    await changePlan(user, { plan: 'Beginner', interval: 'month' })
    await monthPasses()
    expect(await creditsOf(user)).toBe(1300)
  })
})

describe('the cap under concurrency', () => {
  it('a cap takes nothing that is spent at the same moment', async () => {
    beginner.unusedCredits = { cap: 300 }
    const user = await subscriber()
    const invoice = renewed()
    const spent = meanwhile(() => spend(user, 600))
    await recordPaidInvoice(invoice)
    expect(spent.isDone).toBe(true)
    expect(await creditsOf(user)).toBe(1300)
    expect(await capsOf(user)).toEqual([-100])
  })

  it('a cap is exact with credits granted at the same moment', async () => {
    beginner.unusedCredits = { cap: 300 }
    const user = await subscriber()
    const invoice = renewed()
    const rollover = { plan: 'Beginner', limit: 300, periodStart: new Date(0), renews: false }
    const source = { type: 'invoice' as const, id: 'in_of_another' }
    const granted = meanwhile(() =>
      grantCredits(user._id, [{ key: 'other', credits: 100, source, rollover }], elsewhere),
    )
    await recordPaidInvoice(invoice)
    expect(granted.isDone).toBe(true)
    expect(await creditsOf(user)).toBe(1300)
  })

  it('two machines that process the renewal at once apply the cap once', async () => {
    beginner.unusedCredits = { cap: 300 }
    const user = await subscriber()
    const invoice = renewed()
    const another = meanwhile((write) => write())
    await recordPaidInvoice(invoice)
    expect(another.isDone).toBe(true)
    expect(await creditsOf(user)).toBe(1300)
    expect(await capsOf(user)).toEqual([-700])
    expect(await historyOf(user)).toHaveLength(2)
  })

  it('a late or repeated renewal takes nothing bought for a later period', async () => {
    beginner.unusedCredits = { cap: 300 }
    const user = await subscriber()
    await spend(user, 900)
    const invoice = renewed()
    advance(context, 1)
    await changePlan(user, { plan: 'Creator', interval: 'month' })
    const upgraded = await creditsOf(user)
    expect(upgraded).toBeGreaterThan(3000)
    await deliveries.deliver()
    await recordPaidInvoice(invoice)
    expect(await creditsOf(user)).toBe(upgraded + 1000)
    expect(await capsOf(user)).toEqual([])
  })
})

describe('a yearly plan in monthly shares with a cap', () => {
  it('a cap on monthly shares applies at each share and at the renewal, and never to a yearly grant', async () => {
    Object.assign(beginner, { unusedCredits: { cap: 300 }, yearlyCredits: 'monthly' })
    const user = await subscriber({ interval: 'year' })
    expect(await creditsOf(user)).toBe(1000)
    for (let month = 1; month <= 13; month++) {
      advance(context, 31)
      await deliveries.deliver()
      expect(await creditsOf(user)).toBe(1300)
    }
    await runUpkeep()
    expect(await historyOf(user)).toMatchObject([{ creditsAdded: 12_000 }, { creditsAdded: 12_000 }])
    expect((await capsOf(user)).every((amount) => amount >= -1000)).toBe(true)
  })

  it('a cap on monthly shares is the same if no process ran for months', async () => {
    Object.assign(beginner, { unusedCredits: { cap: 300 }, yearlyCredits: 'monthly' })
    const user = await subscriber({ interval: 'year' })
    advance(context, 31 * 5)
    expect(await creditsOf(user)).toBe(1300)
    await Promise.all([runUpkeep(), runUpkeep(), spend(user, 1)])
    expect(await creditsOf(user)).toBe(1299)
    const caps = await capsOf(user)
    expect(caps.reduce((sum, amount) => sum + amount, 0)).toBe(-700 - 4 * 1000)
  })

  it('a cap on monthly shares takes nothing of a used month or of a pack', async () => {
    Object.assign(beginner, { unusedCredits: { cap: 300 }, yearlyCredits: 'monthly' })
    const user = await subscriber({ interval: 'year', before: (buyer) => deliveries.buy({ user: buyer, pack: '500' }) })
    await spend(user, 1200)
    advance(context, 31)
    expect(await creditsOf(user)).toBe(1300)
    await runUpkeep()
    expect(await capsOf(user)).toEqual([])
  })

  it('a cap on monthly shares takes nothing that is spent while a share starts', async () => {
    Object.assign(beginner, { unusedCredits: { cap: 300 }, yearlyCredits: 'monthly' })
    const user = await subscriber({ interval: 'year' })
    const before = now()
    let isSpent = false
    mongoStore.updateAccount = async (filter, update) => {
      if (JSON.stringify(update).includes('sys:activate') && !isSpent) {
        isSpent = true
        // Another machine's clock is slightly behind, so for it the month is not over.
        setNow(() => before)
        await spend(user, 800)
        follow(context)
      }
      return store.updateAccount(filter, update)
    }
    advance(context, 31)
    await runUpkeep()
    expect(isSpent).toBe(true)
    expect(await creditsOf(user)).toBe(1200)
    expect(await capsOf(user)).toEqual([])
  })
})
