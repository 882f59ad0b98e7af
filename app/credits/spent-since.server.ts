import { type CreditAccount, creditAccounts, type EntryKind } from '#models/credit-account.server.ts'
import { creditDays } from '#models/credit-day.server.ts'
import { sum } from '../sum.ts'
import { CreditsUnavailable } from './errors.ts'
import { type SummedRow, utcDay } from './quarter-sums.ts'
import { sumDays } from './sum-days.server.ts'

const TIME_LIMIT_MS = 5_000

/**
 * Sums what an account has spent and captured since the start of a UTC day: from the sums of its days, and the log.
 * @param account as read: entries that came since may be missing
 * @param from a UTC midnight
 * @returns whole credits
 * @throws CreditsUnavailable
 */
export async function spentSince(account: CreditAccount, from: Date): Promise<number> {
  const { _id: accountId, posted, pending } = account
  while (await sumDays(accountId));
  const current = await creditAccounts().findOne({ _id: accountId }, { projection: { summed: 1 } })
  // Just after an election the last rows may not be readable yet.
  if ((current?.summed ?? 0) < posted) throw new CreditsUnavailable()
  const days = await creditDays()
    .find({ accountId, day: { $gte: from } })
    .maxTimeMS(TIME_LIMIT_MS)
    .toArray()
  const stored = days.flatMap(({ sums }) => sums.filter(({ kind }) => isSpend(kind)).flatMap(({ lost }) => lost))
  const upTo = new Map(days.map((day) => [day.day.getTime(), day.upTo]))
  const logged = pending.map((entry, index) => ({ ...entry, seq: posted + index }))
  const isMissing = ({ seq, at, kind }: SummedRow) =>
    isSpend(kind) && at >= from && seq >= (upTo.get(utcDay(at).getTime()) ?? 0)
  const missing = logged.filter(isMissing)
  return sum(stored) + sum(missing.map(({ amount }) => -amount))
}

const isSpend = (kind: EntryKind): boolean => kind === 'spend' || kind === 'capture'
