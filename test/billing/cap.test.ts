import { afterEach, describe, expect, it } from 'vitest'
import { findPlan } from '#app/billing/plans.ts'
import { capUnused } from '#app/billing/unused-credits.server.ts'
import { readBack } from '#app/billing/paid-invoice.server.ts'
import { setNow } from '#app/clock.server.ts'
import { auditCredits } from '#app/credits/audit.server.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import { grantCredits } from '#app/credits/grant.server.ts'
import { placeHold } from '#app/credits/hold.server.ts'
import { freshKey } from '#app/credits/keys.ts'
import { mongoStore } from '#app/credits/store.server.ts'
import { spendCredits } from '#app/credits/spend.server.ts'
import type { User } from '#models/user.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { aUser, creditsOf, Deliveries, historyOf, readUser } from './scenario.ts'
import { useStripe } from './stripe.ts'

/* A plan that keeps at most 300 unused credits at a renewal. */

const context = useStripe()
useDatabase()
const deliveries = new Deliveries(context)
const beginner = findPlan('Beginner')!
const { unusedCredits } = beginner
const follow = () => setNow(() => new Date(context.sandbox.now() * 1000))
const store = { ...mongoStore }
afterEach(async () => {
  setNow(null)
  Object.assign(beginner, { unusedCredits })
  Object.assign(mongoStore, store)
  expect((await auditCredits()).violations).toEqual([])
})

async function subscriber(before?: (user: User) => Promise<unknown>): Promise<User> {
  follow()
  beginner.unusedCredits = { cap: 300 }
  const user = await aUser()
  await before?.(user)
  await deliveries.buy({ user, plan: 'Beginner', interval: 'month' })
  await deliveries.deliver()
  return readUser(user._id)
}

/** A month on. @returns the renewal's invoice, which nobody has been told of */
async function renewed() {
  context.sandbox.advance(32 * 86_400)
  const { id } = context.sandbox.events('invoice.paid').at(-1)!.data.object as { id: string }
  return (await readBack(id))!
}

const spend = ({ _id }: User, credits: number) =>
  spendCredits({ accountId: _id, key: freshKey('spend'), credits, action: 'test' })

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

  it('leaves a hold and a gift alone', async () => {
    const user = await subscriber()
    await grantCredits(user._id, [{ key: 'sys:gift', credits: 40, source: { type: 'admin', id: 'a', reason: 'gift' } }])
    await placeHold({ accountId: user._id, key: freshKey('hold'), credits: 500, action: 'test' })
    const invoice = await renewed()
    await capUnused(user._id, invoice, beginner)
    expect(await getBalance(user._id)).toMatchObject({ credits: 340, held: 500 })
  })
})
