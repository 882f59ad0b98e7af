import type { PlanStatus } from './plan-status.ts'
import type { Notice } from './notice.ts'

/** What stops somebody from spending: those notices belong on the pages where one spends, too. */
export const pausesOf = ({ notices }: PlanStatus): Notice[] => notices.filter(({ tone }) => tone === 'red')

/** Those, and a payment that will pause spending if it is not made: for the pages where one spends. */
export const warningsOf = ({ notices }: PlanStatus): Notice[] =>
  notices.filter(({ tone, action }) => tone === 'red' || action === 'update-card' || action === 'confirm')

/** What somebody's main button does: spend, buy credits, or deal with what is in the way; null where only time helps. */
export type PrimaryAction = 'use' | 'buy' | Notice['action']

/**
 * What the main button of a page about credits is for.
 * @param credits that can be spent
 */
export function primaryActionOf(standing: PlanStatus, credits: number): PrimaryAction {
  const [pause] = pausesOf(standing)
  if (pause) return pause.action
  if (credits > 0) return 'use'
  const inTheWay = standing.notices.find(({ action }) => action !== null && BRINGS_CREDITS.includes(action))
  return inTheWay?.action ?? 'buy'
}

/** Notices whose button brings a period's credits. */
const BRINGS_CREDITS: readonly Notice['action'][] = ['update-card', 'confirm', 'restart']
