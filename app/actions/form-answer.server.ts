import type { User } from '#models/user.server.ts'
import { planOf } from '../billing/entitlements/current-plan.ts'
import { now } from '../clock.server.ts'
import {
  CreditsUnavailable,
  InsufficientCredits,
  LimitReached,
  SpendingCapReached,
  TooManyHolds,
} from '../credits/errors.ts'
import { formatCredits, formatCreditsInWords, formatDateTime } from '../format.ts'
import { checkCost, pressKey, type SentForm } from './action-page.server.ts'
import { type Sum, usesInWords, type WayOutWords, wordsOfWays } from './action-words.ts'
import { ActionStillRunning, type FieldProblem, InvalidActionInput } from './errors.ts'
import type { RefusalOption } from './refusal-options.ts'
import { isRefusal, type Refusal } from './refusal.ts'
import type { PaidAction } from './registry.ts'
import { runForUser } from './run-for-user.server.ts'

/** What the page says after its form was sent, if there is no run to show. */
export type FormAnswer =
  | { kind: 'checked'; status: 200; sum: Sum; values: Record<string, string> }
  | { kind: 'invalid'; status: 400; problems: FieldProblem[]; values: Record<string, string> }
  | { kind: 'refused'; status: 402; reason: string; ways: WayOutWords[]; values: Record<string, string> }
  /** Sent more often than a person would. */
  | { kind: 'too-often'; status: 429; reason: string; values: Record<string, string> }
  /** The outcome is unknown: the same press again, with the same key, is safe and shows it. */
  | { kind: 'unknown'; status: 503; reason: string; key: string; values: Record<string, string> }

/**
 * Runs an action, or checks its cost, as its form asks.
 * @returns the id of the run to show, or what the page says instead
 */
export async function answerForm(
  user: User,
  action: PaidAction,
  { intent, values, key }: SentForm,
): Promise<{ runId: string } | FormAnswer> {
  try {
    if (intent === 'check') return { kind: 'checked', status: 200, sum: await checkCost(user, action, values), values }
    if (key === null) {
      const problems = [{ field: '', message: 'This form was incomplete. Check it and submit it again.' }]
      return { kind: 'invalid', status: 400, problems, values }
    }
    const run = await runForUser(user, { action, input: values, key: pressKey(key, values) })
    return { runId: run.id }
  } catch (error) {
    if (error instanceof InvalidActionInput) return { kind: 'invalid', status: 400, problems: error.problems, values }
    if (isRefusal(error)) return { kind: 'refused', status: 402, ...refusalWords(user, error), values }
    if (error instanceof TooManyHolds) {
      const reason = 'Too many actions are running. Wait until one of them is done.'
      return { kind: 'refused', status: 402, reason, ways: [], values }
    }
    if (key !== null && (error instanceof CreditsUnavailable || error instanceof ActionStillRunning)) {
      return { kind: 'unknown', status: 503, reason: unknownReason(error), key, values }
    }
    throw error
  }
}

const unknownReason = (error: CreditsUnavailable | ActionStillRunning): string =>
  error instanceof ActionStillRunning
    ? 'This is still running. Press the button again to see the result; nothing is spent twice.'
    : 'Credits cannot be spent right now. Press the button again in a moment; nothing is spent twice.'

function refusalWords(user: User, refusal: Refusal): { reason: string; ways: WayOutWords[] } {
  const options = (refusal.details['options'] ?? []) as RefusalOption[]
  return {
    reason: reasonOf(refusal, user.timeZone),
    ways: wordsOfWays(options, { plan: planOf(user.subscription), timeZone: user.timeZone }),
  }
}

function reasonOf(refusal: Refusal, timeZone: string): string {
  if (refusal instanceof InsufficientCredits) {
    const { required, available } = refusal
    return `This needs ${formatCreditsInWords(required)} and you have ${formatCredits(available)}.`
  }
  if (refusal instanceof LimitReached) {
    const { max, resetsAt } = refusal.details as { max: number; resetsAt: string }
    return usesInWords(max, { left: 0, resetsAt: new Date(resetsAt) }, timeZone)
  }
  if (refusal instanceof SpendingCapReached) {
    return `${refusal.message} It resets on ${formatDateTime(refusal.resetsAt, timeZone, now())}.`
  }
  return refusal.message
}
