import type { Loss } from '../credits/losses.ts'

/** A sentence for a banner, and what the user can do about it. */
export interface Notice {
  tone: 'ochre' | 'red'
  text: string
  action:
    | 'update-card'
    | 'resume'
    | 'restart'
    | 'finish'
    | 'undo-change'
    | 'cancel-trial'
    | 'confirm'
    | 'resume-spending'
    | null
}

export interface PlanStatusContext {
  now: Date
  timeZone: string
  gracePeriodDays: number
  /** For the promise that paused credits are not lost. */
  credits: number
  /** Why spending is paused, by the account. */
  frozen: string | null
  /** Credits that expire or exceed a rollover cap if they are not used, soonest first. */
  losses?: readonly Loss[]
}
