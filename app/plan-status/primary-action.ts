import type { Notice } from './notice.ts'
import type { PlanStatus } from './plan-status.ts'

/** Notices about paused spending; pages on which users spend show them as well. */
export const pausesOf = ({ notices }: PlanStatus): Notice[] => notices.filter(({ tone }) => tone === 'red')

/** The same, and notices about a payment that pauses spending unless it is made. */
export const warningsOf = ({ notices }: PlanStatus): Notice[] =>
  notices.filter(({ tone, action }) => tone === 'red' || action === 'update-card' || action === 'confirm')

/** What the main button does: spend, buy credits, or resolve a notice; null when only waiting helps. */
export type PrimaryAction = 'use' | 'buy' | Notice['action']

/** Chooses the main button of a page about credits, by the credits that can be spent. */
export function primaryActionOf(status: PlanStatus, credits: number): PrimaryAction {
  const [pause] = pausesOf(status)
  if (pause) return pause.action
  if (credits > 0) return 'use'
  const notice = status.notices.find(({ action }) => action !== null && ADDS_CREDITS.includes(action))
  return notice?.action ?? 'buy'
}

/** Notices whose button adds a period's credits. */
const ADDS_CREDITS: readonly Notice['action'][] = ['update-card', 'confirm', 'restart']
