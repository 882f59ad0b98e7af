import { brand } from '../brand.mjs'
import { errorResponse } from './api-error.server.ts'
import { statusOf } from './error-status.ts'

export interface Refusal {
  code: string
  title: string
  message: string
  headers?: Record<string, string>
}

/**
 * Answers a request that never reaches a page: in the API's error shape to programs, as a plain page to people.
 * @param nonce of this answer's Content-Security-Policy
 */
export function refuse(request: Request, nonce: string, { code, title, message, headers = {} }: Refusal): Response {
  if (wantsJson(request)) return errorResponse(code, message, {}, headers)
  return new Response(page(title, message, nonce), {
    status: statusOf(code),
    headers: { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store', ...headers },
  })
}

function wantsJson(request: Request): boolean {
  return (
    new URL(request.url).pathname.startsWith('/api/') || !(request.headers.get('Accept') ?? '').includes('text/html')
  )
}

// Only our own text: nothing of the request gets into the page.
function page(title: string, message: string, nonce: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · ${brand.name}</title>
<style nonce="${nonce}">body { font: 1rem/1.5 system-ui, sans-serif; max-width: 36rem; margin: 15vh auto; padding: 0 1rem }</style>
</head>
<body>
<main>
<h1>${title}</h1>
<p>${message}</p>
<p><a href="/">Back to ${brand.name}</a></p>
</main>
</body>
</html>
`
}
