/** Reasons for pausing spending, most serious first: a refusal names the first one in force. */
const REASONS = ['ledger_conflict', 'dispute', 'past_due', 'closed', 'paused_by_owner'] as const
export type FreezeReason = (typeof REASONS)[number]

/**
 * The reason that a refusal names.
 * @param freezes causes in force, each `reason` or `reason:id`
 * @returns null when nothing stops spending
 */
export const weightiest = (freezes: string[]): FreezeReason | null =>
  REASONS.find((reason) => freezes.some((cause) => cause === reason || cause.startsWith(`${reason}:`))) ?? null
