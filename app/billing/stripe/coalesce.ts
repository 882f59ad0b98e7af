interface Line {
  running: Promise<unknown>
  next: Promise<unknown> | null
}

/**
 * Makes a burst of the same work, like one invoice under many event ids, ask Stripe twice instead of fifty times. Who
 * comes while a run is under way shares the next one, never the one that runs: that may have read what was true before.
 * @returns `work`, for calls with one key in this process; other processes do their own
 */
export function coalesced<Result>(work: (key: string) => Promise<Result>): (key: string) => Promise<Result> {
  const lines = new Map<string, Line>()
  const start = (key: string): Promise<Result> => {
    const running = work(key)
    const line: Line = { running, next: null }
    lines.set(key, line)
    const finish = () => {
      if (lines.get(key) === line && line.next === null) lines.delete(key)
    }
    running.then(finish, finish)
    return running
  }
  return (key) => {
    const line = lines.get(key)
    if (!line) return start(key)
    line.next ??= line.running.catch(() => undefined).then(() => start(key))
    return line.next as Promise<Result>
  }
}
