/** One thing that the doctor checked. */
export interface Finding {
  state: 'ok' | 'warning' | 'error'
  /** What was found, in a sentence. */
  what: string
  /** Its effect. */
  why?: string
  /** How to fix it. */
  mend?: string
  /** Fixes it, if that is safe, and says in a sentence what was done. */
  fix?: () => Promise<string>
}

/** Findings about one part of the installation. */
export interface Examined {
  area: string
  findings: Finding[]
}

export const ok = (what: string): Finding => ({ state: 'ok', what })

const problem =
  (state: 'warning' | 'error') =>
  (what: string, rest: Omit<Finding, 'state' | 'what'>): Finding => ({ state, what, ...rest })

export const warning = problem('warning')
export const error = problem('error')
