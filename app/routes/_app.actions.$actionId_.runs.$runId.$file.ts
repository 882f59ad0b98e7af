import type { LoaderFunctionArgs } from '@remix-run/node'
import { deletedInWords } from '#app/actions/action-words.ts'
import { findRunFile, isResultDeleted } from '#app/actions/run-store.server.ts'
import { fileResponse } from '#app/actions/runs/file-response.server.ts'
import { requireUser } from '#app/auth/require-user.server.ts'
import { config } from '#app/config.server.ts'

/** A file that a run made, for its owner only. */
export async function loader({ request, params }: LoaderFunctionArgs): Promise<Response> {
  const user = await requireUser(request)
  const runId = params.runId ?? ''
  const file = await findRunFile(user._id, runId, params.file ?? '')
  if (!file && (await isResultDeleted(user._id, runId))) {
    throw new Response(deletedInWords('file', config().keepDays.runResults), { status: 410 })
  }
  if (!file) throw new Response('This file does not exist.', { status: 404 })
  return fileResponse(file)
}
