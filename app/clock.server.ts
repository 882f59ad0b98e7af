let source: (() => Date) | null = null

/**
 * The time, for everything that decides about money: grace periods, expiries, sessions. Local mode and the tests move
 * it with {@link setNow}, so nothing else may read the clock.
 */
export function now(): Date {
  return source ? source() : new Date()
}

/** Sets where {@link now} takes the time from; null is the machine's own clock again. */
export function setNow(next: (() => Date) | null): void {
  source = next
}
