import { RunNotFound } from '#app/actions/errors.ts'
import { readRun } from '#app/actions/action-page.server.ts'
import { findRun } from '#app/actions/run-store.server.ts'
import { toRunJson } from '#app/actions/runs/run-json.ts'
import { apiRoute } from '#app/auth/api-route.server.ts'
import { methodNotAllowed } from '#app/http/api-error.server.ts'

export const action = () => methodNotAllowed('GET')

/** One run of the caller. One that a dead process left is ended first. */
export const loader = apiRoute('GET', async ({ params, user }) => {
  const known = await readRun(user, params.runId ?? '')
  const run = known && (await findRun(user._id, known.id))
  if (!run) throw new RunNotFound()
  return Response.json({ run: toRunJson(run) })
})
