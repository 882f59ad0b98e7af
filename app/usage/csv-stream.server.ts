import type { Types } from 'mongoose'
import type { CreditEntry } from '#models/credit-entry.server.ts'
import { brand } from '../brand.mjs'
import { type EntryFilter, listEntries, PAGE_MAX } from '../credits/ledger.server.ts'
import { logger } from '../log.server.ts'
import type { Day } from './days.ts'
import { type CsvCell, csvLine } from './csv.ts'

const BYTE_ORDER_MARK = '\uFEFF'

interface CsvColumns {
  head: string[]
  /** The rows of a page of entries, one for each. */
  rowsOf: (entries: CreditEntry[]) => CsvCell[][] | Promise<CsvCell[][]>
}

/**
 * Writes the ledger as CSV, newest first, page by page as the client reads it: an account of any length takes the memory of
 * one page.
 * @param options `withMark`: begins with a byte-order mark, without which Excel misreads UTF-8
 */
export function streamCsv(
  accountId: Types.ObjectId,
  filter: EntryFilter & { before?: number },
  { head, rowsOf }: CsvColumns,
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
          const rows = await rowsOf(page.entries)
          const text = (isFirst ? (withMark ? BYTE_ORDER_MARK : '') + csvLine(head) : '') + rows.map(csvLine).join('')
          isFirst = false
          before = page.nextBefore
          if (text) controller.enqueue(encoder.encode(text))
          if (before === null) controller.close()
        } catch (error) {
          // The headers are sent: only an aborted body can still say that the file is incomplete.
          logger.error({ err: error }, 'A CSV export of the ledger was interrupted')
          controller.error(error)
        }
      },
    },
    { highWaterMark: 0 },
  )
}

/** Sends a CSV as a download, which no cache may keep. */
export function csvResponse(body: ReadableStream<Uint8Array>, day: Day): Response {
  const product = brand.name.toLowerCase().match(/[a-z0-9]+/g) ?? []
  return new Response(body, {
    headers: {
      'Content-Type': 'text/csv; charset=utf-8; header=present',
      'Content-Disposition': `attachment; filename="${[...product, 'ledger', day].join('-')}.csv"`,
      'Cache-Control': 'no-store',
    },
  })
}
