/** The result of handling an event: one sentence, for the record and the log. */
export interface Outcome {
  status: 'processed' | 'ignored'
  sentence: string
  /** False if there was nothing to do. */
  changed: boolean
  /** Money or a plan in Stripe that matches no user: reconcile lists it for manual review. */
  isUnmatched?: boolean
  /** Stripe does not know the object: only the event describes it, see webhooks/unverifiable-events. */
  isUnknown?: boolean
}

/** Handled now or before. */
export const done = (sentence: string, changed = true): Outcome => ({ status: 'processed', sentence, changed })

/** Not ours, or nothing to do. */
export const ignored = (sentence: string): Outcome => ({ status: 'ignored', sentence, changed: false })

/** Possibly ours, not attributable: manual review. */
export const unmatched = (sentence: string): Outcome => ({ ...ignored(sentence), isUnmatched: true })

/** Stripe does not know the object. */
export const unknownAtStripe = (sentence: string): Outcome => ({ ...ignored(sentence), isUnknown: true })
