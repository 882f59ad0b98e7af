import type { StoredFile } from '#models/action-run.server.ts'

/** A file of a run, to be saved: it never runs as a page of ours, also if it is an SVG. Images on pages still show. */
export function fileResponse({ name, contentType, body }: StoredFile): Response {
  return new Response(new Uint8Array(body), {
    headers: {
      'Content-Type': contentType,
      'Content-Disposition': `attachment; filename="${name}"`,
      'X-Content-Type-Options': 'nosniff',
      'Content-Security-Policy': "default-src 'none'; sandbox",
      'Cache-Control': 'private, no-store',
    },
  })
}
