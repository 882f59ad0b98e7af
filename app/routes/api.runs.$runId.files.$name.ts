import { RunNotFound } from '#app/actions/errors.ts'
import { findRunFile } from '#app/actions/run-store.server.ts'
import { fileResponse } from '#app/actions/runs/file-response.server.ts'
import { apiRoute } from '#app/auth/api-route.server.ts'
import { methodNotAllowed } from '#app/http/api-error.server.ts'

export const action = () => methodNotAllowed('GET')

/** A file that a run of the caller made. */
export const loader = apiRoute('GET', async ({ params, user }) => {
  const file = await findRunFile(user._id, params.runId ?? '', params.name ?? '')
  if (!file) throw new RunNotFound()
  return fileResponse(file)
})
