const FIRST_MS = 15_000
const LONGEST_MS = 4 * 60 * 60 * 1000

/** With these waits a mail is retried for about two and a half days: a mail server may be down over a weekend. */
export const TRIES_MAX = 24

/**
 * How long to wait after a failed try: twice as long each time, up to a maximum, less a random part of up to a half, so that
 * mails that failed together are not retried together.
 * @param tries so far, from 1
 */
export function waitAfter(tries: number, random: () => number = Math.random): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** (tries - 1))
  return Math.round(full * (1 - random() / 2))
}
