import type { LoaderFunctionArgs } from '@remix-run/node'
import { followRun } from '#app/actions/run-events.server.ts'
import { findRun } from '#app/actions/run-store.server.ts'
import { requireUser } from '#app/auth/require-user.server.ts'

/** What a streamed run writes, as server-sent events, for its owner. */
export async function loader({ request, params }: LoaderFunctionArgs): Promise<Response> {
  const user = await requireUser(request)
  const runId = params.runId ?? ''
  if (!(await findRun(user._id, runId))) throw new Response('There is no such run.', { status: 404 })
  return new Response(followRun(user._id, runId, request.signal), {
    headers: {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store, no-transform',
      // nginx would hold back what it has not collected.
      'X-Accel-Buffering': 'no',
    },
  })
}
