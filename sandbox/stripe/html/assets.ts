import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Reply } from '../http/reply.ts'

const require = createRequire(import.meta.url)
const own = (name: string) => new URL(`../assets/${name}`, import.meta.url)
const font = (name: string) => require.resolve(`@fontsource-variable/${name}/files/${name}-latin-wght-normal.woff2`)

const files: Record<string, { type: string; path: () => string | URL }> = {
  'sandbox.css': { type: 'text/css; charset=utf-8', path: () => own('sandbox.css') },
  'checkout.js': { type: 'text/javascript; charset=utf-8', path: () => own('checkout.js') },
  'control.js': { type: 'text/javascript; charset=utf-8', path: () => own('control.js') },
  'besley.woff2': { type: 'font/woff2', path: () => font('besley') },
  'public-sans.woff2': { type: 'font/woff2', path: () => font('public-sans') },
}

const read = new Map<string, Uint8Array>()

/** The few files that the pages need; nothing is loaded from other sites. */
export function asset(name: string): Reply | null {
  const file = files[name]
  if (!file) return null
  const body = read.get(name) ?? readFileSync(file.path())
  read.set(name, body)
  return {
    body,
    headers: { 'Content-Type': file.type, 'Cache-Control': 'max-age=300', 'Content-Length': String(body.length) },
  }
}
