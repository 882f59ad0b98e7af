/** What became of an event: one sentence, for the record and the log. */
export interface Outcome {
  status: 'processed' | 'ignored'
  sentence: string
}

/** Something was done, or was found done. */
export const done = (sentence: string): Outcome => ({ status: 'processed', sentence })

/** It was none of ours, or nothing to act on. */
export const ignored = (sentence: string): Outcome => ({ status: 'ignored', sentence })
