import { randomUUID } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { auditGrants } from '#app/billing/purchases/audit-grants.server.ts'
import { createCheckout } from '#app/billing/checkout/create-checkout.server.ts'
import { pauseOverdue } from '#app/billing/subscriptions/grace-period.server.ts'
import { setNow } from '#app/clock.server.ts'
import { auditCredits } from '#app/credits/audit.server.ts'
import { UserModel } from '#models/user.server.ts'
import { follow } from '#test/billing/clock.ts'
import { aUser, readUser, sessionIdOf } from '#test/billing/scenario.ts'
import { useStripe } from '#test/billing/stripe.ts'
import { useDatabase } from '#test/setup/database.ts'

const context = useStripe()
useDatabase()
afterEach(() => {
  setNow(null)
})

describe('the form’s nonce', () => {
  it('a form that is sent again for another pack opens a second page, and each page sells its own pack (H30)', async () => {
    const user = await aUser()
    const nonce = randomUUID()
    const pages = await Promise.all(['500', '2000'].map((pack) => createCheckout({ user, pack }, { nonce })))
    const sessions = await Promise.all(
      pages.map(({ url }) => context.stripe.checkout.sessions.retrieve(sessionIdOf(url))),
    )
    expect(sessions.map(({ status, amount_total }) => [status, amount_total])).toEqual([
      ['open', 600],
      ['open', 2200],
    ])
  })
})

describe('a customer whose id was not stored', () => {
  it('a customer made by a process that died before storing it is found and used, not made again (H31)', async () => {
    const user = await aUser()
    await createCheckout({ user, pack: '500' }, { nonce: randomUUID() })
    const { stripeCustomerId } = await readUser(user._id)
    await UserModel.updateOne({ _id: user._id }, { $unset: { stripeCustomerId: 1 } })
    await createCheckout({ user, pack: '500' }, { nonce: randomUUID() })
    expect((await readUser(user._id)).stripeCustomerId).toBe(stripeCustomerId)
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
