import { listAllRuns } from '#app/actions/runs/list-runs.server.ts'
import { runsQuery, toRunJson } from '#app/actions/runs/run-json.ts'
import { apiRoute } from '#app/auth/api-route.server.ts'
import { methodNotAllowed } from '#app/http/api-error.server.ts'

export const action = () => methodNotAllowed('GET')

/** The caller's runs, newest first, by pages. */
export const loader = apiRoute('GET', async ({ request, user }) => {
  const { limit, ...filter } = runsQuery.parse(Object.fromEntries(new URL(request.url).searchParams))
  const { runs, nextBefore } = await listAllRuns(user._id, filter, limit)
  return Response.json({ runs: runs.map(toRunJson), nextBefore })
})
