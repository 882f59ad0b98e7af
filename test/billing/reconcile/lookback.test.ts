import { afterEach, describe, expect, it } from 'vitest'
import { auditGrants } from '#app/billing/purchases/audit-grants.server.ts'
import { reconcile } from '#app/billing/reconcile/reconcile.server.ts'
import { pauseOverdue } from '#app/billing/subscriptions/grace-period.server.ts'
import { setNow } from '#app/clock.server.ts'
import { auditCredits } from '#app/credits/audit.server.ts'
import { BillingHistoryModel } from '#models/billing-history.server.ts'
import { follow } from '#test/billing/clock.ts'
import { subscriber } from '#test/billing/customers.ts'
import { Deliveries, historyOf } from '#test/billing/scenario.ts'
import { useStripe } from '#test/billing/stripe.ts'
import { useDatabase } from '#test/setup/database.ts'

const context = useStripe()
useDatabase()
const line = new Deliveries(context)
afterEach(() => {
  setNow(null)
})

describe('where reconcile starts', () => {
  it('reconcile starts an hour before its last start, and compares amounts, not only presence (H40)', async () => {
    await reconcile()
    const user = await subscriber(line)
    const at = new Date(Date.now() - 30 * 60 * 1000)
    const again = await reconcile()
    expect(again!.since.getTime()).toBeLessThanOrEqual(at.getTime())
    await BillingHistoryModel.updateOne({ userId: user._id }, { $set: { amount: 1 } })
    const [row] = await historyOf(user)
    const found = await reconcile()
    expect(JSON.stringify(found)).toContain(row!.stripeInvoiceId)
    await BillingHistoryModel.updateOne({ userId: user._id }, { $set: { amount: 1000 } })
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
