import { joined } from '#app/billing/bought.ts'
import type { BillingHistoryView } from '#app/billing/history.server.ts'
import { adverbOf, rhythmOf } from '#app/billing/rhythm.ts'
import type { Tone } from '#app/components/badge.tsx'
import { formatDate, formatMoney } from '#app/format.ts'
import type { HistoryRow } from './billing-history-table.tsx'

const STATUSES: Record<string, { tone: Tone; text: string }> = {
  active: { tone: 'green', text: 'Paid' },
  ended: { tone: 'green', text: 'Paid' },
  cancelled: { tone: 'neutral', text: 'Canceled' },
  refunded: { tone: 'neutral', text: 'Refunded' },
  partially_refunded: { tone: 'neutral', text: 'Part refunded' },
  disputed: { tone: 'red', text: 'Disputed' },
  dispute_lost: { tone: 'neutral', text: 'Dispute lost' },
}

/** Puts stored payments into the words of the table. */
export function toHistoryRows(history: BillingHistoryView[], timeZone: string): HistoryRow[] {
  return history.map((row) => ({
    id: row.id,
    at: row.transactionDate.toISOString(),
    date: formatDate(row.transactionDate, timeZone),
    what: whatOf(row),
    status: STATUSES[row.status] ?? { tone: 'neutral', text: row.status },
    paid: formatMoney(row.amount, row.currency),
    credits: row.creditsAdded,
    invoiceUrl: row.hostedInvoiceUrl,
  }))
}

function whatOf(row: BillingHistoryView): string {
  const rhythm = rhythmOf(row)
  return joined([rhythm ? `${row.planName}, ${adverbOf(rhythm)}` : row.planName, ...row.besides])
}
