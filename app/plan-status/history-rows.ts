import { adverbOf, billingIntervalOf } from '#app/billing/billing-interval.ts'
import { joined } from '#app/billing/line-items/purchased-lines.ts'
import type { BillingHistoryView } from '#app/billing/purchases/list-history.server.ts'
import { formatCreditsInWords, formatDate, formatMoney } from '#app/format.ts'
import type { User } from '#models/user.server.ts'

type Tone = 'green' | 'ochre' | 'red' | 'neutral'

export interface HistoryRow {
  id: string
  at: string
  date: string
  /** "Daily, monthly" */
  what: string
  status: { tone: Tone; text: string }
  /** What went back of it. */
  note: string | null
  paid: string
  /** Null for what is not paid yet. */
  credits: number | null
  invoice: { name: string; url: string } | null
}

const STATUSES: Record<string, { tone: Tone; text: string }> = {
  active: { tone: 'green', text: 'Paid' },
  ended: { tone: 'green', text: 'Paid' },
  cancelled: { tone: 'neutral', text: 'Canceled' },
  refunded: { tone: 'neutral', text: 'Refunded' },
  partially_refunded: { tone: 'neutral', text: 'Partially refunded' },
  disputed: { tone: 'red', text: 'Disputed' },
  dispute_lost: { tone: 'neutral', text: 'Dispute lost' },
}

/** Puts stored payments into the words of the table, after one row for each unpaid invoice of the subscription. */
export function toHistoryRows(
  history: BillingHistoryView[],
  timeZone: string,
  subscription: User['subscription'] = null,
): HistoryRow[] {
  return [...openRows(subscription, timeZone), ...history.map((row) => paidRow(row, timeZone))]
}

function openRows(subscription: User['subscription'], timeZone: string): HistoryRow[] {
  const owed = subscription?.owed
  if (!owed) return []
  const older = owed.older ?? []
  const newest = { ...owed, amount: older.reduce((left, { amount }) => left - amount, owed.amount) }
  return [newest, ...older].map(({ stripeInvoiceId: id, at, amount, url }) => ({
    id,
    at: at.toISOString(),
    date: formatDate(at, timeZone),
    what: subscription.plan,
    status: { tone: 'ochre' as const, text: 'Payment due' },
    note: null,
    paid: `${formatMoney(amount, owed.currency)} due`,
    credits: null,
    invoice: url ? { name: 'Pay now', url } : null,
  }))
}

function paidRow(row: BillingHistoryView, timeZone: string): HistoryRow {
  return {
    id: row.id,
    at: row.transactionDate.toISOString(),
    date: formatDate(row.transactionDate, timeZone),
    what: whatOf(row),
    status: STATUSES[row.status] ?? { tone: 'neutral', text: row.status },
    note: goneBack(row),
    paid: formatMoney(row.amount, row.currency),
    credits: row.creditsAdded,
    invoice: row.hostedInvoiceUrl ? { name: 'Invoice', url: row.hostedInvoiceUrl } : null,
  }
}

/** "$3.50 refunded, 350 credits taken back" */
function goneBack({ status, amountRefunded, currency, creditsReversed }: BillingHistoryView): string | null {
  const money = amountRefunded > 0 ? [`${formatMoney(amountRefunded, currency)} refunded`] : []
  const away = status === 'disputed' ? 'set aside' : 'taken back'
  const credits = creditsReversed ? [`${formatCreditsInWords(creditsReversed)} ${away}`] : []
  return [...money, ...credits].join(', ') || null
}

function whatOf(row: BillingHistoryView): string {
  const billingInterval = billingIntervalOf(row)
  return joined([billingInterval ? `${row.planName}, ${adverbOf(billingInterval)}` : row.planName, ...row.besides])
}
