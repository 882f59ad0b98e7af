import { formatMoney } from '../../format.ts'

interface StripeBalance {
  /** Minor units, with Stripe's sign: below zero is the customer's credit. */
  amount: number
  currency: string
}

/** The customer's balance at Stripe in words, and what it is used for; null where there is none. */
export function balanceInWords(
  balance: StripeBalance | null | undefined,
  { isLive }: { isLive: boolean },
): { term: string; value: string; note: string } | null {
  if (!balance || balance.amount === 0) return null
  const { amount, currency } = balance
  const sum = formatMoney(Math.abs(amount), currency)
  const term = 'Account balance'
  if (amount > 0) return { term, value: `${sum} owed`, note: 'Added to your next invoice.' }
  const note = isLive
    ? 'Pays your next invoices before your card is charged.'
    : 'Pays the invoices of your next plan. Credit packs are paid by card.'
  return { term, value: `${sum} credit`, note }
}
