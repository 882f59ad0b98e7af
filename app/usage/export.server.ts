import type { Types } from 'mongoose'
import type { CreditEntry } from '#models/credit-entry.server.ts'
import { type EntryFilter, listEntries, PAGE_MAX } from '../credits/ledger.server.ts'
import { logger } from '../log.server.ts'
import { csvLine } from './csv.ts'

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

const BYTE_ORDER_MARK = '\uFEFF'

/**
 * Writes the ledger as CSV, newest first, a page at a time: an account of any length takes no more memory than one page,
 * and nothing is read before the reader asks for it.
 * @param options `withMark`: begins with a byte-order mark, without which Excel reads UTF-8 as another encoding
 */
export function entriesAsCsv(
  accountId: Types.ObjectId,
  filter: EntryFilter & { before?: number },
  { withMark = false }: { withMark?: boolean } = {},
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  let before: number | null | undefined
  let isFirst = true
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const cursor = isFirst ? filter.before : (before ?? undefined)
          const page = await listEntries(accountId, { ...filter, before: cursor, limit: PAGE_MAX })
          const text =
            (isFirst ? (withMark ? BYTE_ORDER_MARK : '') + csvLine(HEAD) : '') + page.entries.map(rowOf).join('')
          isFirst = false
          before = page.nextBefore
          if (text) controller.enqueue(encoder.encode(text))
          if (before === null) controller.close()
        } catch (error) {
          // The headers are out: an aborted body is the only way left to say that the file is not whole.
          logger.error({ err: error }, 'a CSV export of the ledger broke off')
          controller.error(error)
        }
      },
    },
    { highWaterMark: 0 },
  )
}

const rowOf = (entry: CreditEntry): string =>
  csvLine([
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
  ])
