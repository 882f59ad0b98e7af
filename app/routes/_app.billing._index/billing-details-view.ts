import type { BillingDetails, KeptAddress, KeptPaymentMethod } from '#models/billing-details.server.ts'
import type { User } from '#models/user.server.ts'
import type { BillingDetailsReading } from '#app/billing/billing-details/billing-details.server.ts'
import { hasLiveSubscription, isOverdue } from '#app/billing/subscriptions/subscription-state.ts'
import { type DateContext, formatDay } from '#app/format.ts'

/** `unavailable`: Stripe does not answer. `none`: there is nothing to show, and `canAdd` says whether it can be added. */
type Missing = { state: 'unavailable' } | { state: 'none'; canAdd: boolean }

export interface PaymentMethodShown {
  state: 'known'
  /** "Visa", "SEPA Direct Debit" */
  name: string
  last4: string | null
  isCard: boolean
  /** "Expires 12/2030"; null for what does not expire. */
  expires: string | null
  /** What the expiry means for the next payment. */
  warning: { tone: 'red' | 'ochre'; badge: string; text: string | null } | null
}

export interface AddressShown {
  state: 'known'
  name: string | null
  /** Empty where only a tax id or a name is known. */
  lines: string[]
  /** "EU VAT", "DE123456789" */
  taxIds: { name: string; value: string }[]
}

export interface BillingDetailsView {
  method: PaymentMethodShown | Missing
  address: AddressShown | Missing
}

interface Context extends DateContext {
  /** When the payment method is charged next; null for never. */
  nextPaymentAt: Date | null
}

/** Puts the stored payment method and billing address into words. */
export function toBillingDetailsView(reading: BillingDetailsReading, context: Context): BillingDetailsView {
  if (reading.state === 'unavailable') return { method: { state: 'unavailable' }, address: { state: 'unavailable' } }
  const missing = { state: 'none' as const, canAdd: reading.state === 'read' }
  if (reading.state === 'none') return { method: missing, address: missing }
  const { paymentMethod } = reading.details
  return {
    method: paymentMethod ? methodOf(paymentMethod, context) : missing,
    address: addressOf(reading.details) ?? missing,
  }
}

/** When the plan is charged next: a card that expires before is declined. Overdue payments have their own notice. */
export function nextPaymentAt(subscription: User['subscription']): Date | null {
  if (!subscription || !hasLiveSubscription(subscription) || isOverdue(subscription.status)) return null
  if (subscription.nextPayment) return subscription.nextPayment.at
  return subscription.cancelAtPeriodEnd ? null : (subscription.currentPeriodEnd ?? null)
}

const BRANDS: Record<string, string> = {
  visa: 'Visa',
  mastercard: 'Mastercard',
  amex: 'American Express',
  discover: 'Discover',
  diners: 'Diners Club',
  jcb: 'JCB',
  unionpay: 'UnionPay',
  cartes_bancaires: 'Cartes Bancaires',
  eftpos_au: 'eftpos',
}

const KINDS: Record<string, string> = {
  sepa_debit: 'SEPA Direct Debit',
  us_bank_account: 'Bank account',
  bacs_debit: 'Bacs Direct Debit',
  acss_debit: 'Pre-authorized debit',
  au_becs_debit: 'BECS Direct Debit',
  paypal: 'PayPal',
  cashapp: 'Cash App Pay',
}

/** "Amazon pay", for a kind that is not listed. */
const readable = (kind: string): string => kind.charAt(0).toUpperCase() + kind.slice(1).replaceAll('_', ' ')

function methodOf(
  { type, brand, last4, expMonth, expYear }: KeptPaymentMethod,
  { now, timeZone, nextPaymentAt }: Context,
): PaymentMethodShown {
  const isCard = type === 'card'
  const known = { state: 'known' as const, isCard, last4 }
  const name = isCard ? (BRANDS[brand ?? ''] ?? 'Card') : (KINDS[type] ?? readable(type))
  if (expMonth === null || expYear === null) return { ...known, name, expires: null, warning: null }
  // A card is valid to the end of its month.
  const end = new Date(Date.UTC(expYear, expMonth, 1))
  const isExpired = now >= end
  const due = nextPaymentAt && nextPaymentAt > now ? nextPaymentAt : null
  const before = due && `before your next payment on ${formatDay(due, timeZone, now)}`
  return {
    ...known,
    name,
    expires: `${isExpired ? 'Expired' : 'Expires'} ${String(expMonth).padStart(2, '0')}/${expYear}`,
    warning: isExpired
      ? { tone: 'red', badge: 'Expired', text: before && `Update your card ${before}.` }
      : due && due >= end
        ? { tone: 'ochre', badge: 'Expires soon', text: `It expires ${before}.` }
        : null,
  }
}

function addressOf({ name, address, taxIds }: BillingDetails): AddressShown | null {
  if (!address && taxIds.length === 0) return null
  return {
    state: 'known',
    name,
    lines: address ? linesOf(address) : [],
    taxIds: taxIds.map(({ type, value }) => ({ name: type.toUpperCase().replaceAll('_', ' '), value })),
  }
}

/** Countries where the state and the postal code follow the city. */
const CITY_FIRST = new Set(['AU', 'CA', 'US'])
const countries = new Intl.DisplayNames(['en'], { type: 'region' })

function linesOf({ line1, line2, city, state, postalCode, country }: KeptAddress): string[] {
  const joined = (parts: (string | null)[], by = ' ') => parts.filter(Boolean).join(by)
  const place = CITY_FIRST.has(country ?? '')
    ? joined([city, joined([state, postalCode])], ', ')
    : joined([joined([postalCode, city]), state], ', ')
  return [line1, line2, place, country && nameOf(country)].filter((line): line is string => Boolean(line))
}

function nameOf(country: string): string {
  try {
    return countries.of(country) ?? country
  } catch {
    return country
  }
}
