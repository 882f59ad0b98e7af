import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants } from 'node:zlib'

interface StaticFile {
  body: Buffer
  type: string
  etag: string
  /** Its name contains a hash of its content, so it never changes. */
  isHashed: boolean
  /** Made on the first request. */
  brotli: Promise<Buffer> | null
}

const TYPES: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.svg': 'image/svg+xml; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
}

/** Where Vite puts files whose names contain a hash. */
const HASHED_PREFIX = '/assets/'

const compress = promisify(brotliCompress)

/**
 * Serves the built client from memory. Every file is read at the start, so no path from outside reaches the disk.
 * @param folder `build/client`
 * @returns a function that answers a GET or HEAD, or null if there is no such file
 */
export function serveStatic(folder: string): (request: Request) => Promise<Response | null> {
  const files = new Map(listFiles(folder).map((name) => [`/${name}`, readStatic(folder, name)]))

  return async (request) => {
    const file = files.get(new URL(request.url).pathname)
    if (!file) return null
    const headers = new Headers({
      'Content-Type': file.type,
      ETag: file.etag,
      'Cache-Control': file.isHashed ? 'public, max-age=31536000, immutable' : 'public, max-age=3600',
    })
    if (request.headers.get('If-None-Match') === file.etag) return new Response(null, { status: 304, headers })
    const takesBrotli = /\bbr\b/.test(request.headers.get('Accept-Encoding') ?? '')
    if (isText(file.type)) headers.set('Vary', 'Accept-Encoding')
    const body = takesBrotli && isText(file.type) ? await compressed(file) : file.body
    if (body !== file.body) headers.set('Content-Encoding', 'br')
    headers.set('Content-Length', String(body.byteLength))
    return new Response(request.method === 'HEAD' ? null : new Uint8Array(body), { headers })
  }
}

function listFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
}

function readStatic(folder: string, name: string): StaticFile {
  const body = readFileSync(path.join(folder, name))
  return {
    body,
    type: TYPES[path.extname(name).toLowerCase()] ?? 'application/octet-stream',
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`,
    isHashed: `/${name}`.startsWith(HASHED_PREFIX),
    brotli: null,
  }
}

function isText(type: string): boolean {
  return /^(text|application\/(json|manifest)|image\/svg)/.test(type)
}

async function compressed(file: StaticFile): Promise<Buffer> {
  file.brotli ??= compress(file.body, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } })
  const body = await file.brotli
  return body.byteLength < file.body.byteLength ? body : file.body
}
