import { afterEach, describe, expect, it } from 'vitest'
import { changePlan } from '#app/billing/change-plan.server.ts'
import { capUnused } from '#app/billing/unused-credits.server.ts'
import { readBack } from '#app/billing/paid-invoice.server.ts'
import { auditCredits } from '#app/credits/audit.server.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import { grantCredits } from '#app/credits/grant.server.ts'
import { placeHold } from '#app/credits/hold.server.ts'
import { freshKey, stripeInvoiceKey } from '#app/credits/keys.ts'
import { livePorts } from '#app/credits/ports.server.ts'
import { mongoStore } from '#app/credits/store.server.ts'
import { BillingHistoryModel } from '#models/billing-history.server.ts'
import type { User } from '#models/user.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { advance, useSandboxClock } from './clock.ts'
import { spend } from './customers.ts'
import { planPrice, usePlan } from './plan.ts'
import { aUser, creditsOf, Deliveries, historyOf, readUser } from './scenario.ts'
import { useStripe } from './stripe.ts'

/* A plan that keeps at most 300 unused credits at a renewal. */

const context = useStripe()
useDatabase()
const deliveries = new Deliveries(context)
const beginner = usePlan('Beginner')
useSandboxClock(context)
const store = { ...mongoStore }
afterEach(async () => {
  Object.assign(mongoStore, store)
  expect((await auditCredits()).violations).toEqual([])
})

async function subscriber(before?: (user: User) => Promise<unknown>): Promise<User> {
  beginner.unusedCredits = { cap: 300 }
  const user = await aUser()
  await before?.(user)
  await deliveries.buy({ user, plan: 'Beginner', interval: 'month' })
  await deliveries.deliver()
  return readUser(user._id)
}

/** A month on. @returns the renewal's invoice, which nobody has been told of */
async function renewed() {
  advance(context, 32)
  const { id } = context.sandbox.events('invoice.paid').at(-1)!.data.object as { id: string }
  return (await readBack(id))!
}

describe('a cap on unused credits', () => {
  it('spares a pack that would burn first, at this renewal and the next', async () => {
    const user = await subscriber((buyer) => deliveries.buy({ user: buyer, pack: '500' }))
    for (const credits of [1800, 1800]) {
      await renewed()
      await deliveries.deliver()
      expect(await creditsOf(user)).toBe(credits)
    }
    const { grants } = await getBalance(user._id)
    expect(grants.filter(({ source }) => source.type === 'payment')).toMatchObject([{ remaining: 500 }])
  })

  it('does not take what was spent at the same moment', async () => {
    const user = await subscriber()
    const invoice = await renewed()
    // The spend lands after the account was read and before the cap is written.
    let isSpent = false
    mongoStore.updateAccount = async (filter, update) => {
      const isCap = JSON.stringify(update).includes(':cap')
      if (isCap && !isSpent) {
        isSpent = true
        await spend(user, 600)
      }
      return store.updateAccount(filter, update)
    }
    await capUnused(user._id, invoice, beginner)
    expect(isSpent).toBe(true)
    expect(await creditsOf(user)).toBe(300)
  })

  it('counts nothing that was paid for after the renewal, when the renewal is heard of late or again', async () => {
    const user = await subscriber()
    await spend(user, 800)
    const invoice = await renewed()
    await deliveries.deliver({ type: 'invoice.paid' })
    expect(await creditsOf(user)).toBe(1200)
    // A process had died before it noted anything but the credits.
    await capUnused(user._id, invoice, beginner)
    expect(await creditsOf(user)).toBe(1200)
    expect(await historyOf(user)).toHaveLength(2)
  })

  it('spares what an upgrade brought after the renewal, when the upgrade is heard of first', async () => {
    const user = await subscriber()
    await spend(user, 900)
    const invoice = await renewed()
    advance(context, 1)
    await changePlan(user, { plan: 'Creator', interval: 'month' })
    const before = await creditsOf(user)
    expect(before).toBeGreaterThan(1000)
    await capUnused(user._id, invoice, beginner)
    expect(await creditsOf(user)).toBe(before)
  })

  it('counts credits whose row is not there yet: a process died in between, or another is at it', async () => {
    const user = await subscriber()
    const { stripeInvoiceId } = (await historyOf(user))[0]!
    const invoice = await renewed()
    await BillingHistoryModel.deleteOne({ stripeInvoiceId })
    await capUnused(user._id, invoice, beginner)
    expect(await creditsOf(user)).toBe(300)
  })

  it('counts credits that come while the cap is worked out', async () => {
    const user = await subscriber()
    const late = await context.stripe.subscriptions.create({
      customer: user.stripeCustomerId!,
      items: [{ price: await planPrice('Creator') }],
      default_payment_method: (
        await context.stripe.paymentMethods.attach('pm_card_visa', { customer: user.stripeCustomerId! })
      ).id,
    })
    const invoice = await renewed()
    // Their grant lands, from another machine, after the account was read and before the cap is written.
    const elsewhere = { ...livePorts, inTurn: <T>(_id: unknown, work: () => Promise<T>) => work() }
    let isGranted = false
    mongoStore.updateAccount = async (filter, update) => {
      if (JSON.stringify(update).includes(':cap') && !isGranted) {
        isGranted = true
        const id = late.latest_invoice as string
        const source = { type: 'invoice' as const, id }
        await grantCredits(user._id, [{ key: stripeInvoiceKey(id), credits: 5000, source }], elsewhere)
      }
      return store.updateAccount(filter, update)
    }
    await capUnused(user._id, invoice, beginner)
    expect(isGranted).toBe(true)
    expect(await creditsOf(user)).toBe(300)
  })

  it('leaves a hold and a gift alone', async () => {
    const user = await subscriber()
    await grantCredits(user._id, [{ key: 'sys:gift', credits: 40, source: { type: 'admin', id: 'a', reason: 'gift' } }])
    await placeHold({ accountId: user._id, key: freshKey('hold'), credits: 500, action: 'test' })
    const invoice = await renewed()
    await capUnused(user._id, invoice, beginner)
    expect(await getBalance(user._id)).toMatchObject({ credits: 340, held: 500 })
  })
})
