import type { Types } from 'mongoose'
import { adjustCredits } from '../credits/adjust.server.ts'
import { getBalance } from '../credits/balance.server.ts'
import { IdempotencyConflict } from '../credits/errors.ts'
import { stripeInvoiceKey } from '../credits/keys.ts'
import type { Plan } from './plans.ts'

/**
 * At a renewal, takes what is left of a plan's earlier credits above the plan's cap; packs and gifts do not count.
 * Nothing to do for plans whose credits accumulate, or expire by themselves. Safe to repeat for one invoice.
 * @param invoiceId the renewal's, before its own credits are granted
 */
export async function capUnused(userId: Types.ObjectId, invoiceId: string, { unusedCredits }: Plan): Promise<void> {
  if (typeof unusedCredits === 'string') return
  const { grants, credits } = await getBalance(userId)
  const left = grants
    .filter(({ started, source }) => started && source.type === 'invoice' && source.id !== invoiceId)
    .reduce((sum, grant) => sum + grant.remaining, 0)
  // What was spent since the balance was read may lessen it; it is never taken below zero by more than that.
  const above = Math.min(left - unusedCredits.cap, credits)
  if (above <= 0) return
  const key = `${stripeInvoiceKey(invoiceId)}:cap`
  const reason = `At most ${unusedCredits.cap} unused credits stay at a renewal`
  try {
    await adjustCredits({ accountId: userId, key, credits: -above, reason, adminId: 'billing' })
  } catch (error) {
    // It was done before, with what was left then.
    if (!(error instanceof IdempotencyConflict)) throw error
  }
}
