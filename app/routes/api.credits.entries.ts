import type { LoaderFunctionArgs } from '@remix-run/node'
import { requireApiUser } from '#app/auth/require-user.server.ts'
import { now } from '#app/clock.server.ts'
import { listEntries } from '#app/credits/ledger.server.ts'
import { apiError, methodNotAllowed } from '#app/http/api-error.server.ts'
import { csvResponse } from '#app/usage/csv-stream.server.ts'
import { dayIn } from '#app/usage/days.ts'
import { entriesQuery } from '#app/usage/entries-query.ts'
import { toEntryJson } from '#app/usage/entry-views.ts'
import { entriesAsCsv } from '#app/usage/export.server.ts'

export const action = () => methodNotAllowed('GET')

/** The ledger, newest first: a page as JSON, or the whole of it as CSV. */
export async function loader({ request }: LoaderFunctionArgs): Promise<Response> {
  try {
    const { user } = await requireApiUser(request)
    const { format, limit, withMark, ...filter } = entriesQuery.parse(
      Object.fromEntries(new URL(request.url).searchParams),
    )
    if (format === 'csv') {
      return csvResponse(entriesAsCsv(user._id, filter, { withMark }), dayIn(now(), 'UTC'))
    }
    const { entries, nextBefore } = await listEntries(user._id, { ...filter, limit })
    return Response.json(
      { entries: entries.map(toEntryJson), nextBefore },
      { headers: { 'Cache-Control': 'no-store' } },
    )
  } catch (error) {
    return apiError(error)
  }
}
