import type { mongo, Types } from 'mongoose'
import { now } from '#app/clock.server.ts'
import { fold } from '#app/credits/fold.ts'
import { TRIAL_KEY } from '#app/credits/keys.ts'
import { settleAccount } from '#app/credits/settle.server.ts'
import { CreditAccountModel, NEVER } from '#models/credit-account.server.ts'
import { type CreditEntry, CreditEntryModel } from '#models/credit-entry.server.ts'
import type { TrueCredits } from './truth-credits.ts'

/** What the ledger says, added up by what it means. */
export interface Ledger {
  entries: CreditEntry[]
  /** Bought, less what went back with the money; what is still to start is in it. */
  bought: number
  /** Credits that stand reversed, by the invoice or payment that had granted them. */
  reversed: Record<string, number>
  expired: number
  /** Taken at renewals, above a plan's cap. */
  capped: number
  /** Bought, and still to start. */
  waiting: number
  /** The invoice that brought the trial's credits. */
  trialOf: string | null
}

/** Posts the account's log and reads its whole ledger. */
export async function readLedger(accountId: Types.ObjectId): Promise<Ledger> {
  await settleAccount(accountId)
  const rows = CreditEntryModel.collection as unknown as mongo.Collection<CreditEntry>
  const entries = await rows.find({ accountId }).sort({ seq: 1 }).toArray()
  const ledger: Ledger = { entries, bought: 0, reversed: {}, expired: 0, capped: 0, waiting: 0, trialOf: null }
  for (const { kind, key, amount, grant, of, source, cancels = 0 } of entries) {
    if (key === TRIAL_KEY) ledger.trialOf = source.id
    if (kind === 'expire') ledger.expired -= amount
    else if (isCap(key)) ledger.capped -= amount
    else if (kind === 'schedule') ledger.bought += grant!.granted
    else if (kind === 'cancel-schedule') ledger.bought -= cancels
    else if (kind !== 'spend' && kind !== 'capture' && kind !== 'activate') ledger.bought += amount
    if (!of) continue
    ledger.reversed[of.id] = (ledger.reversed[of.id] ?? 0) + cancels - amount
    if (ledger.reversed[of.id] === 0) delete ledger.reversed[of.id]
  }
  const account = await CreditAccountModel.findById(accountId).lean()
  for (const { started, granted, effectiveAt, expiresAt, remaining } of account?.grants ?? []) {
    if (!started) ledger.waiting += granted
    if (!started && effectiveAt <= now()) throw new Error('A grant has not started in its time')
    if (started && expiresAt <= now() && remaining > 0) throw new Error('A grant has not expired in its time')
  }
  return ledger
}

const isCap = (key: string): boolean => /:cap(:\d+)?$/.test(key)

/** Each invoice's grants start and expire when its plan's policy says, and nothing expires before. */
export function checkTerms({ entries }: Ledger, bought: Map<string, TrueCredits>): void {
  for (const [invoice, { shares, trialCredits }] of bought) {
    const granted = entries
      .filter(({ grant, of, source }) => grant && !of && source.type === 'invoice' && source.id === invoice)
      .map(({ grant, key }, index) => ({
        credits: grant!.granted,
        effectiveAt: index === 0 || key === TRIAL_KEY ? null : grant!.effectiveAt.getTime() / 1000,
        expiresAt: grant!.expiresAt.getTime() === NEVER.getTime() ? null : grant!.expiresAt.getTime() / 1000,
      }))
    const trial = trialCredits > 0 ? [{ credits: trialCredits, effectiveAt: null, expiresAt: null }] : []
    same(`the grants of ${invoice}`, granted, [...shares, ...trial])
  }
  const expiry = new Map(entries.flatMap(({ grant }) => (grant ? [[grant.id, grant.expiresAt] as const] : [])))
  for (const { kind, grantId, at } of entries) {
    if (kind === 'expire' && at < (expiry.get(grantId!) ?? NEVER)) throw new Error(`${grantId} expired before its time`)
  }
}

/**
 * Before a renewal's credits come, what is left of what was paid for earlier is at most the plan's cap, and not a credit
 * less; no other credits are taken for it.
 */
export function checkCaps({ entries }: Ledger, bought: Map<string, TrueCredits>): void {
  for (const [invoice, { cap, credits, paidAt }] of bought) {
    const key = `stripe:invoice:${invoice}`
    const taken = entries.filter((entry) => entry.key.startsWith(`${key}:cap`))
    if (cap === null && taken.length > 0) throw new Error(`${invoice} took credits above a cap that it has not`)
    if (cap === null || credits <= 0) continue
    const isEarlier = (id: string) => (bought.get(id)?.paidAt ?? Infinity) < paidAt
    const leftAt = (place: number) =>
      fold({ grants: [], debt: 0 }, entries.slice(0, place))
        .grants.filter(({ started, source }) => started && source.type === 'invoice' && isEarlier(source.id))
        .reduce((sum, { remaining }) => sum + remaining, 0)
    const grantAt = entries.findIndex((entry) => entry.key === key)
    const capAt = taken[0] ? entries.indexOf(taken[0]) : grantAt
    const due = Math.max(0, leftAt(capAt) - cap)
    const total = taken.reduce((sum, { amount }) => sum - amount, 0)
    // Nothing was to be taken at the time; what came between that and the grant is not taken any more.
    const wasLittle = (entry: CreditEntry, place: number) => entry.at.getTime() / 1000 >= paidAt && leftAt(place) <= cap
    const isLate = taken.length === 0 && entries.slice(0, grantAt).some(wasLittle)
    if (total !== due && !isLate) throw new Error(`The renewal ${invoice} took ${total} above its cap, ${due} was due`)
    const burned = taken.flatMap((entry) => entry.burned.map(([grantId]) => grantId))
    const others = burned.filter(
      (id) => !isEarlier(id.replace(/^g:stripe:invoice:([^:]+).*$/, '$1')) && id !== `g:${TRIAL_KEY}`,
    )
    if (others.length > 0) throw new Error(`The renewal ${invoice} took of ${others.join(', ')} for its cap`)
  }
}

function same(what: string, is: unknown, must: unknown): void {
  if (JSON.stringify(is) !== JSON.stringify(must))
    throw new Error(`${what}: ${JSON.stringify(is)} instead of ${JSON.stringify(must)}`)
}
