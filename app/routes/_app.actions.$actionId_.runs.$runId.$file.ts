import type { LoaderFunctionArgs } from '@remix-run/node'
import { deletedInWords } from '#app/actions/action-words.ts'
import { findRunFile, isResultDeleted } from '#app/actions/run-store.server.ts'
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
  return new Response(new Uint8Array(file.body), {
    headers: {
      'Content-Type': file.contentType,
      // Images on pages still show; opened by itself the file is saved, so that an SVG never runs as a page of ours.
      'Content-Disposition': `attachment; filename="${file.name}"`,
      'X-Content-Type-Options': 'nosniff',
      'Content-Security-Policy': "default-src 'none'; sandbox",
      'Cache-Control': 'private, no-store',
    },
  })
}
