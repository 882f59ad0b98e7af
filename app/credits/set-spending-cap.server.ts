import type { Types } from 'mongoose'
import type { CapPeriod, CreditAccount, Hold, SpendingCap } from '#models/credit-account.server.ts'
import { checkCredits } from './credits.ts'
import { CreditsUnavailable } from './errors.ts'
import { ROUNDS_MAX } from './fenced.server.ts'
import { type CreditPorts, livePorts } from './ports.server.ts'
import { readAccount } from './recorded.server.ts'
import { capName, periodEnd, periodStart } from './spending-caps.ts'
import { spentSince } from './spent-since.server.ts'
import type { AccountFilter, AccountUpdate } from './store.server.ts'

const CAP_MAX = 1_000_000_000

/** Sums what an account spent from a moment on; the simulator has its own. */
export type SpentSince = (account: CreditAccount, from: Date) => Promise<number>

/**
 * Caps what an account, or one spender of it, can spend in a UTC day or month, or removes the cap. A new cap of the account counts
 * what was spent before it in the period and what is held, one of a spender starts at zero; a changed one keeps its count. It never touches what was spent or is held already. Safe to repeat.
 * @param max whole credits, 1 to 1 000 000 000; null for no cap
 * @throws InvalidCredits, AccountNotFound, CreditsUnavailable
 */
export async function setSpendingCap(
  accountId: Types.ObjectId,
  period: CapPeriod,
  max: number | null,
  {
    spender,
    ports = livePorts,
    spent = spentSince,
  }: { spender?: string; ports?: CreditPorts; spent?: SpentSince } = {},
): Promise<void> {
  const name = capName(period, spender)
  if (max !== null) checkCredits(max, { max: CAP_MAX })
  for (let round = 0; round < ROUNDS_MAX; round++) {
    await ports.pause(round)
    const account = await readAccount(ports, accountId)
    const { [name]: known, ...others } = account.spendingCaps ?? {}
    if ((known?.max ?? null) === max) return
    const version = ports.newVersion()
    const path = `spendingCaps.${name}`
    const write = async (update: AccountUpdate, cap?: SpendingCap, when?: AccountFilter): Promise<boolean> => {
      const after = await ports.store.updateAccount({ _id: accountId, version: account.version, ...when }, update)
      if (after) ports.versions.set({ ...account, version, spendingCaps: { ...others, ...(cap && { [name]: cap }) } })
      return after !== null
    }
    if (max === null) {
      if (await write({ $set: { version }, $unset: { [path]: '' } })) return
    } else if (known) {
      if (await write({ $set: { [`${path}.max`]: max, version } }, { ...known, max })) return
    } else {
      const at = ports.now()
      const resetsAt = periodEnd(period, at)
      const used = spender ? 0 : (await spent(account, periodStart(period, at))) + account.held
      const cap = { max, used, resetsAt }
      const counted = (hold: Hold): Hold => ({ ...hold, countedUntil: { ...hold.countedUntil, [name]: resetsAt } })
      const holds = spender ? account.holds : account.holds.map(counted)
      // A spend leaves the version alone; the same credits prove that none came since the read.
      if (await write({ $set: { [path]: cap, holds, version } }, cap, { credits: account.credits })) return
    }
  }
  throw new CreditsUnavailable()
}
