import { stripeRefundKey } from '../../credits/keys.ts'
import { listReversals, type OpenReversal, reversedOfSource } from '../../credits/reversal-history.server.ts'
import type { StripeCharge } from '../stripe/objects/charge.ts'
import { type ChargedPurchase, retrieveCharge } from './charged-purchase.server.ts'
import { chargesOfInvoice, creditNotesOf, disputesOf } from './stripe-refunds.server.ts'

/** Money returned for a purchase. */
export interface MoneyReturned {
  /** By refunds and credit notes, in minor units. */
  refunded: number
  /** An open dispute takes precedence over a lost one. `unknown`: disputes cannot be read. */
  dispute: 'open' | 'lost' | 'none' | 'unknown'
  credits: number
}

/** Reads the money returned for a purchase from Stripe, over all its charges, and from the ledger. */
export async function readMoneyReturned(purchase: ChargedPurchase): Promise<MoneyReturned> {
  const { userId, key } = purchase
  const credits = await reversedOfSource(userId, key)
  const isInvoice = key.type === 'invoice'
  const [charges, notes] = await Promise.all([
    isInvoice ? chargesOfInvoice(key.id) : retrieveAgain(purchase),
    isInvoice ? creditNotesOf(key.id) : [],
  ])
  const disputes = await disputesOf(charges)
  const credited = notes.reduce((sum, { amountCredited }) => sum + amountCredited, 0)
  return {
    refunded: charges.reduce((sum, { amountRefunded }) => sum + amountRefunded, credited),
    dispute: disputes.some(({ isOpen }) => isOpen) ? 'open' : disputes.some(({ isLost }) => isLost) ? 'lost' : 'none',
    credits,
  }
}

async function retrieveAgain({ charges }: ChargedPurchase): Promise<StripeCharge[]> {
  return Promise.all(charges.map(async (charge) => (await retrieveCharge(charge.id)) ?? charge))
}

/** The reversals made by refunds of a purchase; disputes reverse credits too. */
export async function refundReversals({ userId, key }: ChargedPurchase): Promise<OpenReversal[]> {
  return (await listReversals(userId, key)).filter((reversal) => reversal.key.startsWith(stripeRefundKey('')))
}
