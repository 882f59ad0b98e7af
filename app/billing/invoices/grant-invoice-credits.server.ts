import type { Types } from 'mongoose'
import { adjustCredits } from '../../credits/adjust.server.ts'
import { IdempotencyConflict } from '../../credits/errors.ts'
import { grantCredits, type GrantRequest } from '../../credits/grant.server.ts'
import { grantedBySource } from '../../credits/granted-sources.server.ts'
import { stripeInvoiceKey, TRIAL_KEY } from '../../credits/keys.ts'
import type { InvoiceCredits } from '../line-items/credits-for-invoice.ts'
import { packsMetadata } from '../line-items/purchased-lines.ts'
import type { StripeInvoice } from '../stripe/objects/invoice.ts'

/**
 * Grants what an invoice buys, once: paid credits under the invoice's key, trial credits under the account's single
 * trial key.
 * @param bought what the invoice buys by the plan file as it is now
 * @returns the credits that its entries grant: those of an earlier attempt, should the plan file have changed
 */
export async function grantForInvoice(
  userId: Types.ObjectId,
  invoice: StripeInvoice,
  bought: InvoiceCredits,
): Promise<number> {
  const paid = paidGrants(invoice, bought)
  if (paid.length > 0) await grantCredits(userId, paid)
  // A plan change within a trial adds another free line; the trial's credits were granted with the first.
  if (bought.trialCredits > 0 && invoice.billingReason === 'subscription_create') {
    await grantCredits(userId, [trialGrant(invoice.id, bought.trialCredits)])
  }
  if (paid.length === 0 && bought.credits < 0) {
    // The money went to the customer's balance; a later invoice paid from it grants credits again.
    const reason = `The invoice ${invoice.id} gave back unused time`
    const { credits } = bought
    const key = stripeInvoiceKey(invoice.id)
    await adjustCredits({ accountId: userId, key, credits, reason, by: { type: 'invoice', id: invoice.id } }).catch(
      (error: unknown) => {
        // Granted before, by the plan file of that time.
        if (!(error instanceof IdempotencyConflict)) throw error
      },
    )
  }
  return grantedBySource(userId, { type: 'invoice', id: invoice.id })
}

/** All shares are written at once; the first has the invoice's own key, so a replay finds them all. */
function paidGrants({ id, billingReason }: StripeInvoice, { shares }: InvoiceCredits): GrantRequest[] {
  const isRenewal = billingReason === 'subscription_cycle'
  return shares.map(({ credits, effectiveAt, expiresAt, rollover, packs }, index) => ({
    key: stripeInvoiceKey(id, index === 0 ? undefined : packs ? 'packs' : index),
    credits,
    source: { type: 'invoice', id },
    category: 'paid',
    ...(effectiveAt && { effectiveAt }),
    ...(expiresAt && { expiresAt }),
    ...(rollover && { rollover: { ...rollover, renews: rollover.renews || isRenewal } }),
    ...(packs && { metadata: packsMetadata(packs) }),
  }))
}

/** Of two trials, the second finds the key taken and grants nothing. */
const trialGrant = (id: string, credits: number): GrantRequest => ({
  key: TRIAL_KEY,
  credits,
  source: { type: 'invoice', id },
  category: 'promotional',
})
