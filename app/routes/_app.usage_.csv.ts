import type { LoaderFunctionArgs } from '@remix-run/node'
import { requireUser } from '#app/auth/require-user.server.ts'
import { now } from '#app/clock.server.ts'
import { csvResponse } from '#app/usage/csv-stream.server.ts'
import { dayIn } from '#app/usage/days.ts'
import { parseUsageQuery, toEntryFilter } from '#app/usage/filters.ts'
import { ledgerAsCsv } from '#app/usage/ledger-csv.server.ts'

/** What the usage page lists, all of its pages, as a file for people. Programs read `GET /api/credits/entries`. */
export async function loader({ request }: LoaderFunctionArgs): Promise<Response> {
  const user = await requireUser(request)
  const { searchParams } = new URL(request.url)
  const filter = toEntryFilter(parseUsageQuery(searchParams), user.timeZone)
  const body = ledgerAsCsv(user, filter, { withMark: searchParams.get('bom') === '1' })
  return csvResponse(body, dayIn(now(), user.timeZone))
}
