import { apiRoute } from '#app/auth/api-route.server.ts'
import { now } from '#app/clock.server.ts'
import { listEntries } from '#app/credits/ledger.server.ts'
import { methodNotAllowed } from '#app/http/api-error.server.ts'
import { csvResponse } from '#app/usage/csv-stream.server.ts'
import { dayIn } from '#app/usage/days.ts'
import { entriesQuery } from '#app/usage/entries-query.ts'
import { toEntryJson } from '#app/usage/entry-views.ts'
import { entriesAsCsv } from '#app/usage/export.server.ts'

export const action = () => methodNotAllowed('GET')

/** The ledger, newest first: a page as JSON, or the whole of it as CSV. */
export const loader = apiRoute('GET', async ({ request, user }) => {
  const search = Object.fromEntries(new URL(request.url).searchParams)
  const { format, limit, withMark, ...filter } = entriesQuery.parse(search)
  if (format === 'csv') return csvResponse(entriesAsCsv(user._id, filter, { withMark }), dayIn(now(), 'UTC'))
  const { entries, nextBefore } = await listEntries(user._id, { ...filter, limit })
  return Response.json({ entries: entries.map(toEntryJson), nextBefore })
})
