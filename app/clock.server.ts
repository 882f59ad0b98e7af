let source: (() => Date) | null = null
let offsetMs = 0

/**
 * The time, for everything that decides about money: grace periods, expiries, limits. The tests set it with
 * {@link setNow}, and local mode moves it with {@link moveClock}, so nothing else may read the clock.
 */
export function now(): Date {
  return source ? source() : new Date(Date.now() + offsetMs)
}

/**
 * The time that browsers and their cookies go by: log-ins count in it. A sandbox that skips a month does not make
 * anybody's browser a month older, and whoever moved its clock shall see the result without logging in again.
 */
export function machineNow(): Date {
  return source ? source() : new Date()
}

/** Sets where {@link now} takes the time from; null is the machine's own clock again. */
export function setNow(next: (() => Date) | null): void {
  source = next
}

/**
 * Puts {@link now} ahead of the machine's clock. Never back: what was written since would come from the future.
 * @param aheadMs how far; less than before changes nothing
 */
export function moveClock(aheadMs: number): void {
  offsetMs = Math.max(offsetMs, aheadMs)
}

/** Undoes {@link moveClock}: for tests, where one process lives many lives. */
export function resetClock(): void {
  offsetMs = 0
}
