import type { HttpClient } from './http-client.ts'

const ENCODINGS = { 'Accept-Encoding': 'br, gzip' }

/**
 * Sums what a first visit of a page loads as JavaScript: its scripts, what it preloads, and every module that these import
 * statically.
 * @returns bytes as sent, compressed as the server compresses them
 */
export async function scriptBytes(
  client: HttpClient,
  origin: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<number> {
  const page = await client.expect(origin + path, { headers })
  const queue = scriptsIn(page.body.toString())
  const bytes = new Map<string, number>()
  for (let url = queue.shift(); url; url = queue.shift()) {
    if (bytes.has(url)) continue
    const sent = await client.expect(origin + url, { headers: ENCODINGS })
    bytes.set(url, sent.body.byteLength)
    const { body } = await client.expect(origin + url)
    for (const imported of importsIn(body.toString())) queue.push(new URL(imported, origin + url).pathname)
  }
  return [...bytes.values()].reduce((sum, size) => sum + size, 0)
}

/** The addresses of a document's scripts and preloaded modules. */
export function scriptsIn(html: string): string[] {
  const sources = [...html.matchAll(/<script\b[^>]*\bsrc="([^"]+)"/g)]
  const links = [...html.matchAll(/<link\b[^>]*>/g)].filter(([tag]) => /\brel="modulepreload"/.test(tag))
  const preloaded = links.flatMap(([tag]) => [...tag.matchAll(/\bhref="([^"]+)"/g)])
  return [...sources, ...preloaded, ...html.matchAll(/\b(?:from|import) ?"(\/assets\/[^"]+\.js)"/g)].map(
    ([, url]) => url!,
  )
}

/** The modules that a built module imports statically. */
const importsIn = (code: string): string[] =>
  [...code.matchAll(/\b(?:from|import) ?"(\.{0,2}\/[^"]+\.js)"/g)].map(([, url]) => url!)
