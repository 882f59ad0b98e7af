import { type Grant, type GrantTerms, NEVER } from '#models/credit-account.server.ts'
import { joined } from '../billing/line-items/purchased-lines.ts'
import { type PaymentBehind, sourceKey } from '../billing/purchases/grant-payments.server.ts'
import { type DateContext, formatCredits, formatDay, formatMoney } from '../format.ts'

/** The page of a grant. */
export const grantHref = (id: string): string => `/billing/credits/${encodeURIComponent(id)}`

/**
 * Puts a grant into words.
 * @param payments as findPaymentsBehind gives them
 */
export function wordsOfGrant(
  grant: GrantTerms,
  payments: ReadonlyMap<string, PaymentBehind>,
  { timeZone, now }: DateContext,
) {
  const payment = payments.get(sourceKey(grant.source)) ?? null
  // A later share has the day on which it starts: all shares of a year come with one payment.
  const day = formatDay(grant.effectiveAt, timeZone, now)
  const hasExpired = grant.expiresAt <= now
  return {
    /** What it is and when it was added: "Renewal of Daily, 1 May". */
    name: `${nameOf(grant, payment)}, ${day}`,
    /** "Paid $18.00"; null if nothing was paid for it. */
    paid: payment && paidSentence(payment),
    /** The invoice or receipt at Stripe. */
    paper: payment?.url ? { name: payment.plan === null ? 'Receipt' : 'Invoice', url: payment.url } : null,
    expires:
      grant.expiresAt < NEVER
        ? `${hasExpired ? 'Expired' : 'Expires'} ${formatDay(grant.expiresAt, timeZone, now)}`
        : stays(grant),
    isPromotional: grant.category === 'promotional',
  }
}

/** Credits that do not expire by themselves may still be capped when a new period starts. */
function stays({ rollover }: GrantTerms): string {
  const limit = rollover?.limit ?? null
  return rollover && limit !== null ? `Up to ${formatCredits(limit)} of ${rollover.plan} roll over` : 'Never expires'
}

function nameOf(grant: GrantTerms, payment: PaymentBehind | null): string {
  const { source, category } = grant
  switch (source.type) {
    case 'invoice':
      if (!payment) return 'Invoice'
      if (category === 'promotional') return `Trial of ${payment.plan}`
      if (payment.plan === null || isOfPacks(grant)) return packsOf(payment)
      return `${planReason(payment)}${monthOf(grant, payment)}`
    case 'payment':
      return payment ? packsOf(payment) : 'Credit pack'
    case 'welcome':
      return 'Welcome credits'
    case 'refund':
      return 'Restored after a failed refund'
    case 'dispute':
      return 'Restored after a dispute'
    default:
      return source.reason ? `Correction: ${source.reason}` : 'Correction'
  }
}

/** Packs that were sold on an invoice with a plan have their own grant. */
const isOfPacks = ({ id }: GrantTerms): boolean => id.endsWith(':packs')

function packsOf({ plan, packs, creditsAdded }: PaymentBehind): string {
  return plan === null && packs.length <= 1 ? `Pack of ${formatCredits(creditsAdded)}` : joined(packs)
}

/** Why there was an invoice, from Stripe's reason. */
function planReason({ plan, billingReason }: PaymentBehind): string {
  switch (billingReason) {
    case 'subscription_create':
      return `First payment of ${plan}`
    case 'subscription_cycle':
      return `Renewal of ${plan}`
    case 'subscription_update':
      return `Change to ${plan}`
    default:
      return `Invoice of ${plan}`
  }
}

/** A year in monthly shares is one payment and twelve grants; the key of each says which month it is. */
function monthOf({ id, granted }: GrantTerms, { planCredits }: PaymentBehind): string {
  if (granted >= planCredits) return ''
  const [, share = '0'] = /:(\d+)$/.exec(id) ?? []
  return `, month ${Number(share) + 1}`
}

function paidSentence({ amount, amountRefunded, dispute, currency }: PaymentBehind): string {
  if (amount === 0) return 'Nothing was charged'
  const paid = `Paid ${formatMoney(amount, currency)}`
  if (dispute === 'open') return `${paid}, disputed at the bank`
  if (dispute === 'lost') return `${paid}, lost in a dispute`
  if (amountRefunded <= 0) return paid
  return amountRefunded >= amount
    ? `${paid}, all refunded`
    : `${paid}, ${formatMoney(amountRefunded, currency)} refunded`
}

/** When a grant is used: "Used next", "Used later", "Starts 1 Jun". */
export function positionOf(grant: Pick<Grant, 'started' | 'effectiveAt'>, place: number, context: DateContext): string {
  if (!grant.started) return `Starts ${formatDay(grant.effectiveAt, context.timeZone, context.now)}`
  return place === 0 ? 'Used next' : 'Used later'
}

/** How many credits of a grant are reserved for running actions. */
export const reservedOf = ({ reserved }: Pick<Grant, 'reserved'>): number =>
  reserved.reduce((sum, { amount }) => sum + amount, 0)
