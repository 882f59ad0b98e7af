import type { Types } from 'mongoose'
import { BillingHistoryModel } from '#models/billing-history.server.ts'
import { type User, UserModel } from '#models/user.server.ts'
import { WebhookEventModel } from '#models/webhook-event.server.ts'
import { listGrantedSources } from '../../credits/granted-sources.server.ts'
import { allPurchases } from './purchase.server.ts'

export interface GrantAudit {
  invoices: number
  payments: number
  violations: string[]
  /** Invoices and payments whose event is not finished yet: a retry or the reconcile will do it. */
  unfinished: string[]
}

/**
 * Checks that payments and credits agree: every paid invoice and pack has one row whose `creditsAdded` equals what its
 * entries grant, and every grant with an invoice or payment has a row.
 */
export async function auditGrants(): Promise<GrantAudit> {
  const granted = await listGrantedSources()
  const audit: GrantAudit = { invoices: 0, payments: 0, violations: [], unfinished: [] }
  const seen = new Set<string>()
  for await (const { key, userId, creditsAdded, lines } of allPurchases()) {
    const { type, id } = key
    audit[type === 'invoice' ? 'invoices' : 'payments']++
    seen.add(`${type}:${id}`)
    const ofLines = lines?.reduce((sum, { credits: ofLine }) => sum + ofLine, 0) ?? creditsAdded
    const source = granted.get(`${type}:${id}`)
    const credits = source?.credits ?? 0
    if (credits !== ofLines) {
      audit.violations.push(`${type} ${id} has lines of ${ofLines} credits, its entries grant ${credits}`)
    }
    if (credits !== creditsAdded) {
      audit.violations.push(`${type} ${id} says ${creditsAdded} credits, its entries grant ${credits}`)
    }
    if (source && source.accountId !== userId.toHexString()) {
      audit.violations.push(`${type} ${id} granted to another account`)
    }
  }
  for (const [source, { type, id }] of granted) {
    if (seen.has(source)) continue
    if (await isUnderWay(id)) audit.unfinished.push(`${type} ${id}`)
    else audit.violations.push(`${type} ${id} granted credits and has no row`)
  }
  audit.violations.push(...(await editedPlans()), ...(await doubleCurrentRows()))
  return audit
}

/** The plan must equal the one last synced from Stripe. */
async function editedPlans(): Promise<string[]> {
  const violations: string[] = []
  const synced = UserModel.find({ 'subscription.syncedPlan': { $type: 'string' } }).select({ subscription: 1 })
  for await (const { _id, subscription } of synced.lean<Pick<User, '_id' | 'subscription'>>().cursor()) {
    const { plan, syncedPlan } = subscription ?? {}
    if (plan === syncedPlan) continue
    violations.push(`user ${_id.toHexString()} has the plan ${plan}, Stripe last said ${syncedPlan}`)
  }
  return violations
}

/** Only one payment is the current period's. */
async function doubleCurrentRows(): Promise<string[]> {
  const double = await BillingHistoryModel.aggregate<{ _id: Types.ObjectId; rows: number }>([
    { $match: { isCurrentSubscription: true } },
    { $group: { _id: '$userId', rows: { $sum: 1 } } },
    { $match: { rows: { $gt: 1 } } },
  ])
  return double.map(({ _id, rows }) => `user ${_id.toHexString()} has ${rows} rows that are marked as current`)
}

/** A process may die between the grant and the row; the event is then not marked as processed. */
async function isUnderWay(stripeId: string): Promise<boolean> {
  const event = await WebhookEventModel.exists({
    status: { $in: ['received', 'failed'] },
    $or: [{ 'payload.data.object.id': stripeId }, { 'payload.data.object.payment_intent': stripeId }],
  })
  return event !== null
}
