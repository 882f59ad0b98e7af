import type { Types } from 'mongoose'
import type { CreditAccount, EntryKind } from '#models/credit-account.server.ts'
import { creditEntries } from '#models/credit-entry.server.ts'
import { sum } from '../sum.ts'
import { HOLD_MS_MAX } from './hold.server.ts'
import { listEntries, stretchesOf } from './ledger.server.ts'

/** A hold that has lapsed stays open until a job releases it, which takes a minute; this allows a day. */
const OPEN_MS_MAX = 2 * HOLD_MS_MAX
const HOLD_KINDS: EntryKind[] = ['hold', 'capture', 'release']
const TIME_LIMIT_MS = 2_000

/** How much each hold that has not ended sets aside, by its id; null for one that has ended. */
type OpenHolds = Map<string, number | null>

/**
 * Reads an owner's balance as it was after the last entry up to a moment: both 0 before the first entry. Expired credits
 * count until the entry that took them, which a job or the next spend writes. A hold that no job has released for a day
 * after its end counts only while it is open even now.
 * @param at a moment in the past
 * @returns `credits` that could be spent, and those `held`
 * @throws AccountNotFound
 */
export async function getBalanceAt(accountId: Types.ObjectId, at: Date): Promise<{ credits: number; held: number }> {
  const { entries, account } = await listEntries(accountId, { to: new Date(at.getTime() + 1), limit: 1 })
  const last = entries[0]
  if (!last) return { credits: 0, held: 0 }
  const held = await heldAfter(account, last.seq, at)
  return { credits: last.balance - held, held }
}

/** What was held after the entry `seq`: by holds of the two days before, and by older ones that are open even now. */
async function heldAfter(account: CreditAccount, seq: number, at: Date): Promise<number> {
  const from = new Date(at.getTime() - OPEN_MS_MAX)
  const holds: OpenHolds = new Map([
    ...account.holds.filter(({ createdAt }) => createdAt < from).map(({ id, amount }) => [id, amount] as const),
    ...(await postedHolds(account, seq, { from, to: at })),
  ])
  for (const entry of account.pending.slice(0, Math.max(0, seq + 1 - account.posted))) {
    if (entry.hold === undefined) continue
    if (entry.kind !== 'hold') holds.set(entry.hold, null)
    else if (entry.at >= from) holds.set(entry.hold, entry.holds ?? 0)
  }
  return sum([...holds.values()].map((credits) => credits ?? 0))
}

/** The holds of a time that the ledger up to `seq` does not end. */
async function postedHolds(
  account: CreditAccount,
  seq: number,
  { from, to }: { from: Date; to: Date },
): Promise<OpenHolds> {
  const stretches = await stretchesOf(account, { from, to: new Date(to.getTime() + 1) })
  const start = Math.min(...stretches.map((stretch) => stretch.from))
  const open = await creditEntries()
    .aggregate<{ _id: string; credits: number }>(
      [
        {
          $match: {
            accountId: account._id,
            seq: { $gte: start, $lt: Math.min(seq + 1, account.posted) },
            at: { $gte: from },
            kind: { $in: HOLD_KINDS },
          },
        },
        { $group: { _id: '$hold', credits: { $sum: '$holds' }, kinds: { $addToSet: '$kind' } } },
        { $match: { kinds: ['hold'] } },
      ],
      { hint: { accountId: 1, seq: -1 }, maxTimeMS: TIME_LIMIT_MS },
    )
    .toArray()
  return new Map(open.map(({ _id, credits }) => [_id, credits]))
}
