const NEWS_MS = 7 * 24 * 60 * 60 * 1000

/** Whether something is recent enough for a mail: reconcile may find it long after it happened. */
export const isNews = (happenedAt: Date, now: Date): boolean => now.getTime() - happenedAt.getTime() < NEWS_MS
