/**
 * Identifies the request that a loader belongs to. It is a header because Remix gives each loader its own `Request`; an
 * `AsyncLocalStorage` would slow every promise in the process on Node 20.
 */
const HEADER = 'X-Scrip-Request'

const underWay = new Map<string, Map<string, Promise<unknown>>>()
let requests = 0

/** Answers one HTTP request, whose loaders share what they read by {@link readOnce}. */
export async function withSharedReads<T>(request: Request, answer: () => Promise<T>): Promise<T> {
  const id = String(++requests)
  // Replaces whatever the client has sent.
  request.headers.set(HEADER, id)
  underWay.set(id, new Map())
  try {
    return await answer()
  } finally {
    underWay.delete(id)
  }
}

/**
 * Reads something once for all loaders of a page, which run side by side. An action reads for itself, since it changes what
 * the loaders after it show.
 * @param name what is read
 */
export function readOnce<T>(request: Request, name: string, read: () => Promise<T>): Promise<T> {
  const known = underWay.get(request.headers.get(HEADER) ?? '')
  if (!known || request.method !== 'GET') return read()
  const reading = (known.get(name) as Promise<T> | undefined) ?? read()
  known.set(name, reading)
  return reading
}
