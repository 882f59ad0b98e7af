let source: (() => Date) | null = null
let offsetMs = 0

/**
 * The current time for everything about money: grace periods, expiries, limits. Tests set it with {@link setNow}, local mode
 * moves it with {@link moveClock}; no other code may read the clock.
 */
export function now(): Date {
  return source ? source() : new Date(Date.now() + offsetMs)
}

/** The time for browsers and cookies: log-ins use it. Moving the sandbox's clock must not log anyone out. */
export function machineNow(): Date {
  return source ? source() : new Date()
}

/** Sets the source of {@link now}; null is the machine's clock again. */
export function setNow(next: (() => Date) | null): void {
  source = next
}

/**
 * Moves {@link now} ahead of the machine's clock. Never back: existing records would be in the future then.
 * @param aheadMs how far; less than before changes nothing
 */
export function moveClock(aheadMs: number): void {
  offsetMs = Math.max(offsetMs, aheadMs)
}

/** Undoes {@link moveClock}, for tests. */
export function resetClock(): void {
  offsetMs = 0
}
