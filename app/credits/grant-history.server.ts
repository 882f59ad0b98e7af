import type { mongo, Types } from 'mongoose'
import type { CreditAccount, EntryKind, Grant, GrantTerms, LogEntry } from '#models/credit-account.server.ts'
import { creditEntries, type CreditEntry } from '#models/credit-entry.server.ts'
import { sum } from '../sum.ts'
import { burnOrder, fold } from './fold.ts'
import { ledgerRows } from './ledger-rows.ts'
import { livePorts } from './ports.server.ts'
import { findRecorded, readAccount } from './recorded.server.ts'
import { withWhatIsDue } from './tick.server.ts'

/** What an entry did to one grant. */
export type GrantEffect =
  'came' | 'spent' | 'taken-back' | 'settled-debt' | 'corrected' | 'expired' | 'capped' | 'called-off'

/** One effect of an entry on the grant; an entry can have two, such as a grant that pays a debt at once. */
export interface GrantLine {
  entry: CreditEntry
  effect: GrantEffect
  /** Signed; the entry's effect on this grant alone. */
  credits: number
}

export interface GrantHistory {
  /** As recorded in its entry: later reversals do not reduce `granted` here. */
  terms: GrantTerms
  /** The entry that created it, with the reason of a correction. */
  made: LogEntry
  /** Its current state; null when nothing of it is left, reserved or scheduled. */
  current: Grant | null
  /** Its place in the burn order, 0 for the next; null when it cannot be spent now. */
  place: number | null
  /** Credits by effect over its whole life, each from 0 up; `came` is omitted, since that is `terms.granted`. */
  tally: Record<Exclude<GrantEffect, 'came'>, number>
  /** Newest first. */
  lines: GrantLine[]
  /** Pass it as `before` to read the next page; null at the end. */
  nextBefore: number | null
}

const PAGE = 50
const TIME_LIMIT_MS = 4_000

/**
 * Reads the history of one grant: the credits added, the entries that used them, and what is left.
 * @param options `before`: only entries whose `seq` is smaller; `limit`: entries a page
 * @returns null when the owner never had such a grant
 * @throws AccountNotFound
 */
export async function readGrantHistory(
  accountId: Types.ObjectId,
  grantId: string,
  { before = Number.MAX_SAFE_INTEGER, limit = PAGE }: { before?: number; limit?: number } = {},
): Promise<GrantHistory | null> {
  const account = withWhatIsDue(await readAccount(livePorts, accountId), livePorts.now())
  const made = grantId.startsWith('g:') ? await findRecorded(livePorts, account, grantId.slice(2)) : null
  if (!made?.grant) return null

  const { grants, burned } = fold(account, account.pending)
  const logged = ledgerRows(account, burned)
    .filter((row) => effectsOf(row, grantId).length > 0)
    .reverse()
  const posted = await readPosted(account, grantId, { before, size: limit + 1 })
  const found = [...logged.filter(({ seq }) => seq < before), ...posted.rows]
  const shown = found.slice(0, limit)
  const place = grants
    .filter(({ started }) => started)
    .sort(burnOrder)
    .findIndex(({ id }) => id === grantId)
  return {
    terms: made.grant,
    made,
    current: grants.find(({ id }) => id === grantId) ?? null,
    place: place < 0 ? null : place,
    tally: tallyOf([...posted.sums, ...logged.flatMap((row) => effectsOf(row, grantId))]),
    lines: shown.flatMap((entry) => effectsOf(entry, grantId).map((effect) => ({ entry, ...effect }))),
    nextBefore: found.length > limit ? (shown.at(-1)?.seq ?? null) : null,
  }
}

type Effect = Omit<GrantLine, 'entry'>

/** The effects of an entry on a grant: created, canceled, expired or burned it. */
function effectsOf(entry: CreditEntry, grantId: string): Effect[] {
  const burnt = sum(entry.burned.filter(([id]) => id === grantId).map(([, credits]) => credits))
  return [
    ...ownEffect(entry, grantId),
    ...(burnt > 0 ? [{ effect: effectOfBurning(entry.kind, entry.grant !== undefined), credits: -burnt }] : []),
  ]
}

function ownEffect(entry: CreditEntry, grantId: string): Effect[] {
  if (entry.grant?.id === grantId) return [{ effect: 'came', credits: entry.amount }]
  if (entry.grantId !== grantId) return []
  switch (entry.kind) {
    case 'activate':
      return [{ effect: 'came', credits: entry.amount }]
    case 'expire':
      return entry.amount === 0 ? [] : [{ effect: 'expired', credits: entry.amount }]
    case 'cap':
      return [{ effect: 'capped', credits: entry.amount }]
    case 'cancel-schedule':
      return [{ effect: 'called-off', credits: -(entry.cancels ?? 0) }]
    default:
      return []
  }
}

/** An entry that adds credits can burn them at once to pay a debt. */
function effectOfBurning(kind: EntryKind, hasGrant: boolean): Exclude<GrantEffect, 'came'> {
  if (kind === 'spend' || kind === 'capture') return 'spent'
  if (kind === 'reversal') return 'taken-back'
  return kind === 'adjust' && !hasGrant ? 'corrected' : 'settled-debt'
}

function tallyOf(effects: Effect[]): GrantHistory['tally'] {
  const tally = { spent: 0, 'taken-back': 0, 'settled-debt': 0, corrected: 0, expired: 0, capped: 0, 'called-off': 0 }
  for (const { effect, credits } of effects) if (effect !== 'came') tally[effect] -= credits
  return tally
}

interface Group {
  _id: { kind: EntryKind; hasGrant: boolean; isOwn: boolean }
  burnt: number
  moved: number
  canceled: number
}

/** The ledger's part: a page of rows, and the effects of all rows. Rows below `posted` never change. */
async function readPosted(
  { _id, posted }: CreditAccount,
  grantId: string,
  { before, size }: { before: number; size: number },
): Promise<{ rows: CreditEntry[]; sums: Effect[] }> {
  const ofGrant = (below: number): mongo.Filter<CreditEntry> => ({
    accountId: _id,
    seq: { $lt: below },
    $or: [
      { 'grant.id': grantId },
      { grantId, kind: { $in: ['activate', 'cancel-schedule'] } },
      { grantId, kind: { $in: ['expire', 'cap'] }, amount: { $lt: 0 } },
      { burned: { $elemMatch: { $elemMatch: { $eq: grantId } } } },
    ],
  })
  // Force the index; the planner picks a slow one for rare matches.
  const options = { hint: { accountId: 1, seq: -1 }, maxTimeMS: TIME_LIMIT_MS }
  const pairs = { $filter: { input: '$burned', cond: { $eq: [{ $arrayElemAt: ['$$this', 0] }, grantId] } } }
  const burnt = { $sum: { $map: { input: pairs, in: { $arrayElemAt: ['$$this', 1] } } } }
  const group = {
    _id: {
      kind: '$kind',
      hasGrant: { $eq: [{ $type: '$grant' }, 'object'] },
      isOwn: { $eq: ['$grantId', grantId] },
    },
    burnt: { $sum: burnt },
    moved: { $sum: '$amount' },
    canceled: { $sum: '$cancels' },
  }
  const [rows, groups] = await Promise.all([
    creditEntries()
      .find(ofGrant(Math.min(before, posted)), options)
      .sort({ seq: -1 })
      .limit(size)
      .toArray(),
    creditEntries()
      .aggregate<Group>([{ $match: ofGrant(posted) }, { $group: group }], options)
      .toArray(),
  ])
  return { rows, sums: groups.flatMap(toEffects) }
}

function toEffects({ _id: { kind, hasGrant, isOwn }, burnt, moved, canceled }: Group): Effect[] {
  const effects: Effect[] = burnt > 0 ? [{ effect: effectOfBurning(kind, hasGrant), credits: -burnt }] : []
  if (isOwn && kind === 'cap') effects.push({ effect: 'capped', credits: moved })
  if (isOwn && kind === 'expire') effects.push({ effect: 'expired', credits: moved })
  if (isOwn && kind === 'cancel-schedule') effects.push({ effect: 'called-off', credits: -canceled })
  return effects
}
