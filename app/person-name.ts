/** Characters of a name. */
export const NAME_MAX = 100

/** What nobody sees, apart from U+200C and U+200D, which Persian, Sinhala and composed emoji need. */
const INVISIBLE = /(?![\u200C\u200D])[\p{C}\p{Zl}\p{Zp}]/u
const INVISIBLE_RUNS = /(?:(?![\u200C\u200D])[\p{C}\p{Zl}\p{Zp}])+/gu

/** What mail programs turn into a link: an address with a scheme, an e-mail address, a domain. Dots as IDNA reads them. */
const LINK = /\/\/|@|[\p{L}\p{N}-][.\u3002\u2024]\p{L}{2}|[.\u3002\u2024]xn--/iu

/**
 * Says what is wrong with a name. Mails greet with it, also mails to an address that its owner has not confirmed, so
 * nothing in it may act as a link or change how the text around it reads.
 * @returns one sentence, or null for a name that is fine
 */
export function nameProblem(name: string): string | null {
  if (name.length > NAME_MAX) return `Use at most ${NAME_MAX} characters.`
  if (!isOneLine(name)) return 'Use one line, without invisible characters.'
  // NFKC first: full-width letters and dots are links too where a program folds them.
  if (LINK.test(name.normalize('NFKC')))
    return 'Leave out links and addresses. Put a space after a dot, as in “St. John”.'
  return null
}

/** Whether a text is one line and all of it can be seen. */
export function isOneLine(text: string): boolean {
  return !INVISIBLE.test(text)
}

/** Text as one line: what is invisible, breaks a line or turns its direction becomes a space. */
export function oneLine(text: string): string {
  return text.replace(INVISIBLE_RUNS, ' ').trim()
}
