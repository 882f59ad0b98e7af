import { AsyncLocalStorage } from 'node:async_hooks'

const reads = new AsyncLocalStorage<Map<string, Promise<unknown>>>()

/** Answers one HTTP request, whose loaders share what they read by {@link readOnce}. */
export const withSharedReads = <T>(answer: () => Promise<T>): Promise<T> => reads.run(new Map(), answer)

/**
 * Reads something once for all loaders of a page: they run side by side, and Remix gives each a `Request` of its own. An
 * action reads for itself, since it changes what the loaders after it show.
 * @param name what is read
 */
export function readOnce<T>(request: Request, name: string, read: () => Promise<T>): Promise<T> {
  const known = reads.getStore()
  if (!known || request.method !== 'GET') return read()
  const reading = (known.get(name) as Promise<T> | undefined) ?? read()
  known.set(name, reading)
  return reading
}
