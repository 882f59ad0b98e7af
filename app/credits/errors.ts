import type { CapPeriod, SpendingCap } from '#models/credit-account.server.ts'
import { DomainError } from '../domain-error.ts'
import { formatCredits, formatCreditsInWords } from '../format.ts'

/** The operation needs more credits than are available. */
export class InsufficientCredits extends DomainError {
  readonly code = 'insufficient_credits'
  /** @param available credits that were spendable in the read that decided the refusal */
  constructor(
    readonly required: number,
    readonly available: number,
  ) {
    super(wordsOfLack(required, available), { required, available })
  }
}

/** Only reversals and corrections make a balance negative, so the message explains it. */
function wordsOfLack(required: number, available: number): string {
  const needs = `This needs ${formatCreditsInWords(required)}`
  if (available >= 0) return `${needs} and you have ${formatCredits(available)}.`
  const taken = 'a refund, a dispute or a correction took back credits that were already spent'
  return `${needs}. Your balance is ${formatCredits(available)}: ${taken}. New credits settle that first.`
}

/** Why spending is paused and what ends it, by the account's reason. */
const PAUSES: Record<string, string> = {
  past_due: 'Spending is paused because a payment failed. Update your card to continue; your credits are safe.',
  dispute:
    'Spending is paused while a payment is disputed at the bank. The credits it paid for are set aside until then; spending resumes once the bank decides.',
  paused_by_owner: 'You have paused all spending. Resume it in the settings, under Spending.',
}

/** Spending is paused for a reason stored in the account: an unpaid invoice, an open dispute, a ledger conflict. */
export class SpendingFrozen extends DomainError {
  readonly code: 'past_due' | 'spending_paused' | 'spending_frozen'
  constructor(readonly reason: string) {
    super(PAUSES[reason] ?? 'Spending is paused while we check this account. Your credits are safe.', { reason })
    this.code =
      reason === 'past_due' ? 'past_due' : reason === 'paused_by_owner' ? 'spending_paused' : 'spending_frozen'
  }
}

/** The plan's usage limit for this period is reached. */
export class LimitReached extends DomainError {
  readonly code = 'limit_reached'
  /** @param max uses a period */
  constructor(limit: string, max: number, resetsAt: Date) {
    super(`You have used all ${max} for this month.`, { limit, max, resetsAt: resetsAt.toISOString() })
  }
}

/** A spend would pass a cap that the account's owner has set. */
export class SpendingCapReached extends DomainError {
  readonly code = 'spending_cap_reached'
  readonly period: CapPeriod
  readonly resetsAt: Date
  /** @param reached `spender`: whose cap it is, if it is not the whole account's */
  constructor(reached: SpendingCap & { period: CapPeriod; spender: string | undefined; credits: number }) {
    const { period, spender, max, used, resetsAt, credits } = reached
    const cap = `${spender ? 'this API key’s' : 'your'} cap of ${formatCreditsInWords(max)} a ${period}`
    super(
      `This needs ${formatCreditsInWords(credits)} and would pass ${cap}: ${formatCredits(used)} ${used === 1 ? 'is' : 'are'} used.`,
      {
        ...{ cap: period, of: spender ? 'api_key' : 'account', max, used, required: credits },
        resetsAt: resetsAt.toISOString(),
      },
    )
    this.period = period
    this.resetsAt = resetsAt
  }
}

/** The same idempotency key was sent with another request: another amount, action or operation. */
export class IdempotencyConflict extends DomainError {
  readonly code = 'idempotency_conflict'
  constructor() {
    super('This idempotency key was used for another request. Send a new key with a new request.')
  }
}

/** The hold does not exist. */
export class HoldNotFound extends DomainError {
  readonly code = 'hold_not_found'
  constructor(holdId: string) {
    super('This hold does not exist.', { hold: holdId })
  }
}

/** The hold was captured or released before, with another outcome than requested now. */
export class HoldAlreadyResolved extends DomainError {
  readonly code = 'hold_already_resolved'
  /** @param captured credits that were captured then */
  constructor(holdId: string, outcome: 'captured' | 'released', captured: number) {
    super(`This hold was already ${outcome}.`, { hold: holdId, outcome, captured })
  }
}

/** The account has reached its limit of open holds. */
export class TooManyHolds extends DomainError {
  readonly code = 'too_many_holds'
  constructor() {
    super('Too many holds are open. Capture or release some first.')
  }
}

/** The account has reached its limit of open grants. */
export class TooManyGrants extends DomainError {
  readonly code = 'too_many_grants'
  constructor() {
    super('This account has too many open grants to take another.')
  }
}

/** The outcome is unknown, or the account is too busy. Safe to repeat with the same key. */
export class CreditsUnavailable extends DomainError {
  readonly code = 'credits_unavailable'
  readonly retryAfterSeconds = 2
  constructor(cause?: unknown) {
    super('Credits are unavailable right now. Try again with the same idempotency key; nothing is charged twice.')
    this.cause = cause
  }
}

/** The number is not a whole number of credits within the bounds. */
export class InvalidCredits extends DomainError {
  readonly code = 'invalid_credits'
}

/** The metadata is not a small flat record of short texts. */
export class InvalidMetadata extends DomainError {
  readonly code = 'invalid_metadata'
}

/** The owner has no credit account yet. */
export class AccountNotFound extends DomainError {
  readonly code = 'account_not_found'
  constructor() {
    super('This owner has no credit account.')
  }
}

/** Two postings of one key differ. The account is frozen until someone reviews it. */
export class LedgerConflict extends DomainError {
  readonly code = 'ledger_conflict'
  constructor(readonly entryId: string) {
    super(`Two postings of ${entryId} differ.`)
  }
}
