import { apiRoute } from '#app/auth/api-route.server.ts'
import { now } from '#app/clock.server.ts'
import { methodNotAllowed } from '#app/http/api-error.server.ts'
import { InvalidRequest } from '#app/http/errors.ts'
import { readUsage } from '#app/usage/usage-json.server.ts'
import { usageQuery, withDays } from '#app/usage/usage-query.ts'

export const action = () => methodNotAllowed('GET')

/** What was spent, added and removed, by day and by action. */
export const loader = apiRoute('GET', async ({ request, user }) => {
  const query = usageQuery.parse(Object.fromEntries(new URL(request.url).searchParams))
  const asked = withDays(query, now())
  if (!asked) throw new InvalidRequest('from: must be before to, by 366 days at most', { field: 'from' })
  return Response.json(await readUsage(user._id, asked))
})
