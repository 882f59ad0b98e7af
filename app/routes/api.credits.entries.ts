import type { LoaderFunctionArgs } from '@remix-run/node'
import { requireApiUser } from '#app/auth/require-user.server.ts'
import { now } from '#app/clock.server.ts'
import { listEntries } from '#app/credits/ledger.server.ts'
import { apiError, methodNotAllowed } from '#app/http/api-error.server.ts'
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
      return new Response(entriesAsCsv(user._id, filter, { withMark }), {
        headers: {
          'Content-Type': 'text/csv; charset=utf-8; header=present',
          'Content-Disposition': `attachment; filename="scrip-ledger-${now().toISOString().slice(0, 10)}.csv"`,
          'Cache-Control': 'no-store',
        },
      })
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
