import type { mongo, Types } from 'mongoose'
import { now } from '#app/clock.server.ts'
import { TRIAL_KEY } from '#app/credits/keys.ts'
import { settleAccount } from '#app/credits/settle.server.ts'
import { CreditAccountModel, NEVER } from '#models/credit-account.server.ts'
import { type CreditEntry, CreditEntryModel } from '#models/credit-entry.server.ts'
import type { TrueCredits } from './truth-credits.ts'

/** Sums of the ledger by kind. */
export interface Ledger {
  entries: CreditEntry[]
  /** Credits bought, less those reversed, including those that have not started. */
  bought: number
  /** Credits currently reversed, by the invoice or payment that granted them. */
  reversed: Record<string, number>
  expired: number
  /** Credits taken above a plan's cap when periods began. */
  capped: number
  /** Credits bought that have not started. */
  waiting: number
  /** The invoice that granted the trial's credits. */
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
    else if (kind === 'cap') ledger.capped -= amount
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
    if (!started && effectiveAt <= now()) throw new Error('A grant has not started on time')
    if (started && expiresAt <= now() && remaining > 0) throw new Error('A grant has not expired on time')
  }
  return ledger
}

/** Checks that each invoice's grants start and expire as its plan's policy says, and nothing expires early. */
export function checkTerms({ entries }: Ledger, bought: Map<string, TrueCredits>): void {
  for (const [invoice, { shares, trialCredits }] of bought) {
    const granted = entries
      .filter(({ grant, of, source }) => grant && !of && source.type === 'invoice' && source.id === invoice)
      .map(({ grant, key }, index) => ({
        credits: grant!.granted,
        effectiveAt:
          index === 0 || key === TRIAL_KEY || key.endsWith(':packs') ? null : grant!.effectiveAt.getTime() / 1000,
        expiresAt: grant!.expiresAt.getTime() === NEVER.getTime() ? null : grant!.expiresAt.getTime() / 1000,
      }))
    const trial = trialCredits > 0 ? [{ credits: trialCredits, effectiveAt: null, expiresAt: null }] : []
    const bare = shares.map(({ credits, effectiveAt, expiresAt }) => ({ credits, effectiveAt, expiresAt }))
    same(`the grants of ${invoice}`, granted, [...bare, ...trial])
  }
  const expiry = new Map(entries.flatMap(({ grant }) => (grant ? [[grant.id, grant.expiresAt] as const] : [])))
  for (const { kind, grantId, at } of entries) {
    if (kind === 'expire' && at < (expiry.get(grantId!) ?? NEVER)) throw new Error(`${grantId} expired early`)
  }
}

function same(what: string, is: unknown, must: unknown): void {
  if (JSON.stringify(is) !== JSON.stringify(must))
    throw new Error(`${what}: ${JSON.stringify(is)} instead of ${JSON.stringify(must)}`)
}
