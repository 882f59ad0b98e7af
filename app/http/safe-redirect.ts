// Only the path is used, so any origin will do as the base.
const BASE = 'http://scrip.invalid'
const BACKSLASH_OR_CONTROL = /[\\\p{Cc}\u2028\u2029]/u

/**
 * Makes a safe redirect target from outside text: always a path of this site, from the parsed address and not from the text,
 * because browsers interpret `//x`, `/\x` and `/%09/x` in their own ways.
 * @param fallback a path of this site, for any other text
 */
export function safeRedirect(to: unknown, fallback = '/dashboard'): string {
  if (typeof to !== 'string' || to.length > 2_000 || !isPlainPath(to)) return fallback
  const once = decode(to)
  if (once === null || !isPlainPath(once)) return fallback

  const url = parse(to)
  if (!url || url.origin !== BASE) return fallback
  const path = url.pathname + url.search + url.hash
  // Dot segments may have left two slashes at the start, so the result is checked too.
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
