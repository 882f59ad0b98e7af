interface Line {
  running: Promise<unknown>
  next: Promise<unknown> | null
}

/**
 * Coalesces a burst of the same work, such as one invoice under many event IDs. Callers arriving during a run share the
 * next run, since the current one may have read stale data.
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
