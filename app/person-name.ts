/** Characters of a name. */
export const NAME_MAX = 100

/** Invisible characters, except U+200C and U+200D, which Persian, Sinhala and composed emoji need. */
const INVISIBLE = /(?![\u200C\u200D])[\p{C}\p{Zl}\p{Zp}]/u
const INVISIBLE_RUNS = /(?:(?![\u200C\u200D])[\p{C}\p{Zl}\p{Zp}])+/gu

/** What mail programs turn into links: URLs, email addresses, domains. Dots as in IDNA. */
const LINK = /\/\/|@|[\p{L}\p{N}-][.\u3002\u2024]\p{L}{2}|[.\u3002\u2024]xn--/iu

/**
 * Says what is wrong with a name. Mails greet with it, even at addresses that their owners have not confirmed, so nothing in
 * it may act as a link or change how the text around it reads.
 * @returns a sentence, or null
 */
export function nameProblem(name: string): string | null {
  if (name.length > NAME_MAX) return `Use at most ${NAME_MAX} characters.`
  if (!isOneLine(name)) return 'Use one line, without invisible characters.'
  // NFKC first: some programs turn full-width letters and dots into links too.
  if (LINK.test(name.normalize('NFKC')))
    return 'Leave out links and addresses. Put a space after a dot, as in “St. John”.'
  return null
}

/** Whether a text is one line without invisible characters. */
export function isOneLine(text: string): boolean {
  return !INVISIBLE.test(text)
}

/** Text as one line: invisible characters, line breaks and changes of direction become spaces. */
export function oneLine(text: string): string {
  return text.replace(INVISIBLE_RUNS, ' ').trim()
}
