/** What became of an event: one sentence, for the record and the log. */
export interface Outcome {
  status: 'processed' | 'ignored'
  sentence: string
  /** False when everything was found as it should be. */
  changed: boolean
  /** Money or a plan at Stripe that nobody here has: reconcile lists it, for a human to say what it is. */
  isUnmatched?: boolean
  /** Stripe does not know the object: only the event can say more, see webhooks/unverifiable-events. */
  isUnknown?: boolean
}

/** Something was done, or was found done. */
export const done = (sentence: string, changed = true): Outcome => ({ status: 'processed', sentence, changed })

/** It was none of ours, or nothing to act on. */
export const ignored = (sentence: string): Outcome => ({ status: 'ignored', sentence, changed: false })

/** It may be ours, and nothing says whose: nobody guesses. */
export const unmatched = (sentence: string): Outcome => ({ ...ignored(sentence), isUnmatched: true })

/** Stripe does not know the object that it was to be read from. */
export const unknownAtStripe = (sentence: string): Outcome => ({ ...ignored(sentence), isUnknown: true })
