import type { CreditEntry } from '#models/credit-entry.server.ts'
import { findPaymentsBehind, type PaymentBehind, sourceKey } from '../billing/purchases/grant-payments.server.ts'
import type { EntryFilter } from '../credits/ledger.server.ts'
import type { CsvCell } from './csv.ts'
import { streamCsv } from './csv-stream.server.ts'
import { wallClock } from './days.ts'
import { NAMED_SOURCES, wordsOf } from './entry-words.server.ts'
import type { Reader } from './usage-page.server.ts'

/**
 * The ledger as CSV for people: one row per movement, newest first, with times in the reader's zone and with its invoice.
 * The balance is that of the account after the movement, so filters do not change it.
 */
export function ledgerAsCsv(
  user: Reader,
  filter: EntryFilter,
  options: { withMark?: boolean } = {},
): ReadableStream<Uint8Array> {
  const { timeZone } = user
  const head = [
    `Time (${timeZone})`,
    'UTC offset',
    'Description',
    'Source',
    'Invoice number',
    'Credits',
    'Account balance after',
    'Reference',
    'Details',
  ]
  const rowsOf = async (entries: CreditEntry[]): Promise<CsvCell[][]> => {
    const payments = await findPaymentsBehind(user._id, entries.map(paidSourceOf))
    return entries.map((entry) => rowOf(entry, payments.get(sourceKey(paidSourceOf(entry))) ?? null, timeZone))
  }
  return streamCsv(user._id, filter, { head, rowsOf }, options)
}

/** The payment behind an entry; for a reversal or a restore, the payment that it is about. */
const paidSourceOf = ({ of, source }: CreditEntry) => of ?? source

/** Packs on a plan's invoice are not credits of the plan. */
const isOfPlan = ({ kind, metadata }: CreditEntry): boolean =>
  (kind === 'grant' || kind === 'schedule' || kind === 'activate') && metadata?.packs === undefined

function rowOf(entry: CreditEntry, payment: PaymentBehind | null, timeZone: string): CsvCell[] {
  const { title, source } = wordsOf(entry, timeZone)
  const { time, offset } = wallClock(entry.at, timeZone)
  return [
    time,
    offset,
    payment?.plan && isOfPlan(entry) ? `${title} (${payment.plan})` : title,
    source,
    payment?.invoiceNumber ?? null,
    entry.amount,
    entry.balance,
    NAMED_SOURCES.has(entry.source.type) ? entry.source.id : null,
    detailsOf(entry),
  ]
}

/** The metadata that a program sent with a spend. */
function detailsOf({ action, metadata = {} }: CreditEntry): string | null {
  const parts = action === undefined ? [] : Object.entries(metadata).map(([name, text]) => `${name}: ${text}`)
  return parts.join('; ') || null
}
