import type { Types } from 'mongoose'
import type { CreditEntry } from '#models/credit-entry.server.ts'
import { logger } from '../log.server.ts'
import { LedgerConflict } from './errors.ts'
import { fold } from './fold.ts'
import { freezeSpending } from './freeze.server.ts'
import { fingerprint, ledgerRows } from './ledger-rows.ts'
import { type CreditPorts, livePorts } from './ports.server.ts'
import { readAccount } from './recorded.server.ts'

/** The writer that fills a log to this length has it posted at once: the longer a log, the slower each write. */
const FULL = 32

/**
 * Posts an account's log entries to the ledger, then folds them into the grants and removes them from the log.
 * Idempotent at every point, by any process, at any time: after a crash between the two, the next settle finds the rows
 * in place.
 * @returns how many entries left the log; 0 when there were none or another write came first
 * @throws LedgerConflict when a row of the ledger differs from the entry of its key; the account is frozen first
 */
export async function settleAccount(accountId: Types.ObjectId, ports: CreditPorts = livePorts): Promise<number> {
  const account = await readAccount(ports, accountId)
  if (account.pending.length === 0) return 0
  const { grants, debt, burned } = fold(account, account.pending)
  const rows = ledgerRows(account, burned)
  await post(ports, accountId, rows)

  const version = ports.newVersion()
  // Spends may be written meanwhile, so only the posted entries are removed; spends do not touch the fields set here.
  const renewed = await ports.store.renewAccount(
    { _id: accountId, version: account.version },
    {
      $set: { grants, debt, version, settledAt: ports.now() },
      $pull: { pending: { key: { $in: account.pending.map((entry) => entry.key) } } },
      $inc: { posted: account.pending.length },
    },
    version,
  )
  if (!renewed) return 0
  ports.versions.set({ ...account, version })
  return rows.length
}

/**
 * Marks an account's log as empty, so that the job skips it. The version is renewed, because spends under the old one rely
 * on the mark.
 */
export async function unmarkLog(accountId: Types.ObjectId, ports: CreditPorts = livePorts): Promise<void> {
  const account = await readAccount(ports, accountId)
  if (account.loggedSince === undefined || account.pending.length > 0) return
  const version = ports.newVersion()
  const renewed = await ports.store.renewAccount(
    { _id: accountId, version: account.version, 'pending.0': { $exists: false } },
    { $set: { version }, $unset: { loggedSince: '' } },
    version,
  )
  if (renewed) ports.versions.set({ ...account, version, loggedSince: undefined })
}

/** Has the log posted when a write has filled it; the write's own outcome does not depend on it. */
export async function settleWhenFull(
  ports: CreditPorts,
  accountId: Types.ObjectId,
  pendingCount: number,
  written: number,
): Promise<void> {
  // Only the writer that crosses the mark settles, so that not every process posts the same entries; past twice the
  // mark that writer has failed, and every writer settles.
  const crossed = Math.floor(pendingCount / FULL) > Math.floor((pendingCount - written) / FULL)
  if (!crossed && pendingCount < 2 * FULL) return
  try {
    await ports.soon(accountId, pendingCount, () => settleAccount(accountId, ports))
  } catch (error) {
    logger.warn({ err: error, accountId }, 'A full credit log could not be settled at once; the job will do it')
  }
}

/** Inserts rows; an existing one must be equal, or the account is frozen for review. */
async function post(ports: CreditPorts, accountId: Types.ObjectId, rows: CreditEntry[]): Promise<void> {
  const duplicates = new Set(await ports.store.insertEntries(rows))
  for (const row of rows.filter((candidate) => duplicates.has(candidate._id))) {
    const twin = await ports.store.findEntry(row._id)
    if (twin && fingerprint(twin) === fingerprint(row)) continue
    logger.error({ accountId, entryId: row._id, alert: true }, 'Two postings of one key differ; the account is frozen')
    await freezeSpending(accountId, 'ledger_conflict', undefined, ports)
    throw new LedgerConflict(row._id)
  }
}
