import type { Types } from 'mongoose'
import type { CreditEntry } from '#models/credit-entry.server.ts'
import type { EntryFilter } from '../credits/ledger.server.ts'
import type { CsvCell } from './csv.ts'
import { streamCsv } from './csv-stream.server.ts'

const HEAD = [
  'seq',
  'at',
  'kind',
  'credits',
  'balance',
  'action',
  'source_type',
  'source_id',
  'reason',
  'hold',
  'id',
  'metadata',
]

/** The ledger as CSV for programs: every entry, with the names and times of the API. */
export function entriesAsCsv(
  accountId: Types.ObjectId,
  filter: EntryFilter & { before?: number },
  options: { withMark?: boolean } = {},
): ReadableStream<Uint8Array> {
  return streamCsv(accountId, filter, { head: HEAD, rowsOf: (entries) => entries.map(rowOf) }, options)
}

const rowOf = (entry: CreditEntry): CsvCell[] => [
  entry.seq,
  entry.at.toISOString(),
  entry.kind,
  entry.amount,
  entry.balance,
  entry.action ?? null,
  entry.source.type,
  entry.source.id,
  entry.source.reason ?? null,
  entry.hold ?? null,
  entry._id,
  entry.metadata && Object.keys(entry.metadata).length ? JSON.stringify(entry.metadata) : null,
]
