// Only the path of what we parse is used, so any origin does as the base.
const BASE = 'http://scrip.invalid'
const BACKSLASH_OR_CONTROL = /[\\\p{Cc}\u2028\u2029]/u

/**
 * Makes a redirect target out of text that came from outside. What is returned is always a path of this site, taken
 * from the parsed address and not from the text, because browsers read `//x`, `/\x` and `/%09/x` in ways of their own.
 * @param fallback a path of this site, for whatever is not one
 */
export function safeRedirect(to: unknown, fallback = '/dashboard'): string {
  if (typeof to !== 'string' || to.length > 2_000 || !isPlainPath(to)) return fallback
  const once = decode(to)
  if (once === null || !isPlainPath(once)) return fallback

  const url = parse(to)
  if (!url || url.origin !== BASE) return fallback
  const path = url.pathname + url.search + url.hash
  // Dot segments may have left two slashes at the start: what is given out must itself pass.
  return isPlainPath(path) && parse(path)?.origin === BASE ? path : fallback
}

function isPlainPath(text: string): boolean {
  return text.startsWith('/') && !text.startsWith('//') && !BACKSLASH_OR_CONTROL.test(text)
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}

function parse(path: string): URL | null {
  return URL.canParse(path, BASE) ? new URL(path, BASE) : null
}
