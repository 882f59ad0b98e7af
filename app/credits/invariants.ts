import type { CreditAccount, LogEntry } from '#models/credit-account.server.ts'
import type { CreditEntry } from '#models/credit-entry.server.ts'
import { sum } from '../sum.ts'
import { fold } from './fold.ts'
import { weightiest } from './freeze-reasons.ts'
import { fingerprint, ledgerRows } from './ledger-rows.ts'
import { limitViolations } from './rollover.ts'
import { capViolations } from './spending-cap-invariants.ts'

/**
 * Checks every invariant of one account and its ledger.
 * @param ledger its rows, in the order of `seq`; rows of a settle in progress may be among them
 * @returns one sentence per violation; none when all is well
 */
export function violations(account: CreditAccount, ledger: readonly CreditEntry[]): string[] {
  const found: string[] = []
  const must = (holds: boolean, sentence: string) => {
    if (!holds) found.push(sentence)
  }
  const keys = account.pending.map((entry) => entry.key)
  must(new Set(keys).size === keys.length, 'a key stands twice in the log')
  must(new Set(ledger.map((row) => row.key)).size === ledger.length, 'a key stands twice in the ledger')

  const byKey = new Map<string, LogEntry>([...ledger, ...account.pending].map((entry) => [entry.key, entry]))
  const total = sum([...byKey.values()].map((entry) => entry.amount))
  must(
    total === account.credits + account.held,
    `credits + held is ${account.credits + account.held}, entries say ${total}`,
  )
  must(account.held === sum(account.holds.map((hold) => hold.amount)), 'held is not the sum of the holds')

  const folded = tryFold(() => fold(account, account.pending))
  if (typeof folded === 'string') return [...found, folded]
  const started = folded.grants.filter((grant) => grant.started)
  const remaining = sum(started.map((grant) => grant.remaining))
  const reserved = sum(folded.grants.flatMap((grant) => grant.reserved.map((slice) => slice.amount)))
  must(
    account.credits === remaining - folded.debt,
    `credits is ${account.credits}, grants less debt are ${remaining - folded.debt}`,
  )
  must(account.held === reserved, `held is ${account.held}, reserved slices are ${reserved}`)
  must(
    folded.grants.every((grant) => grant.remaining >= 0 && grant.remaining <= grant.granted),
    'a grant is out of its bounds',
  )
  must(
    account.pending.length === 0 || account.loggedSince !== undefined,
    'the log has entries and is not marked for posting',
  )
  must(account.frozen === weightiest(account.freezes), 'frozen is not what its causes say')

  const settled = ledger.filter((row) => row.seq < account.posted)
  must(settled.length === account.posted, `posted is ${account.posted}, the ledger has ${settled.length} rows below it`)
  must(
    settled.every((row, index) => row.seq === index),
    'the numbers of the ledger have a gap',
  )
  const ahead = ledger.filter((row) => row.seq >= account.posted)
  const logged = new Map(ledgerRows(account, folded.burned).map((row) => [row.key, fingerprint(row)]))
  must(
    ahead.every((row) => logged.get(row.key) === fingerprint(row)),
    'the ledger has a row that differs from the log',
  )

  found.push(...ledgerViolations(account, settled))
  must(negativeIsExplained(account, [...byKey.values()]), 'the balance is negative without a reversal or a correction')
  found.push(...sourceViolations([...byKey.values()]), ...capViolations(account, [...byKey.values()]))
  return found
}

/** The ledger alone rebuilds the account, with every row's balance and burned grants. */
function ledgerViolations(account: CreditAccount, settled: readonly CreditEntry[]): string[] {
  const rebuilt = tryFold(() => fold({ grants: [], debt: 0 }, settled))
  if (typeof rebuilt === 'string') return [`the ledger does not fold: ${rebuilt}`]
  const found: string[] = []
  if (print(rebuilt.grants) !== print(account.grants)) found.push('the ledger alone rebuilds other grants')
  if (rebuilt.debt !== account.debt) found.push('the ledger alone rebuilds another debt')
  let balance = 0
  for (const row of settled) {
    balance += row.amount
    if (row.balance !== balance) found.push(`row ${row.seq} says a balance of ${row.balance}, it is ${balance}`)
    if (JSON.stringify(row.burned) !== JSON.stringify(rebuilt.burned.get(row.key) ?? [])) {
      found.push(`row ${row.seq} burned other grants than the fold says`)
    }
  }
  found.push(...lateBurns(settled), ...limitViolations(settled))
  return found
}

/** No credits are burned after their expiry, unless a hold had reserved them before. */
function lateBurns(settled: readonly CreditEntry[]): string[] {
  const expiry = new Map(settled.flatMap((row) => (row.grant ? [[row.grant.id, row.grant.expiresAt] as const] : [])))
  const expiredIn = new Map<string, number>()
  const found: string[] = []
  for (const row of settled) {
    if (row.kind === 'expire' && row.grantId) expiredIn.set(row.grantId, row.seq)
    if (row.kind === 'capture') continue
    for (const [grantId] of row.burned) {
      if (expiredIn.has(grantId)) found.push(`row ${row.seq} burned ${grantId} after it had expired`)
      else if (row.kind === 'spend' && row.at > (expiry.get(grantId) ?? row.at)) {
        found.push(`row ${row.seq} spent ${grantId} after its time`)
      }
    }
  }
  return found
}

/** 0 ≤ reversed ≤ granted for every invoice and payment; and every grant names its source. */
function sourceViolations(entries: readonly LogEntry[]): string[] {
  const granted = new Map<string, number>()
  const reversed = new Map<string, number>()
  const add = (map: Map<string, number>, id: string, credits: number) => map.set(id, (map.get(id) ?? 0) + credits)
  const found: string[] = []
  for (const entry of entries) {
    if (entry.of) add(reversed, `${entry.of.type}:${entry.of.id}`, (entry.cancels ?? 0) - entry.amount)
    else if (entry.grant) add(granted, `${entry.source.type}:${entry.source.id}`, entry.grant.granted)
    if (entry.grant && !GRANTING.has(entry.source.type)) found.push(`grant ${entry.key} comes from nowhere`)
  }
  for (const [source, credits] of reversed) {
    if (credits < 0 || credits > (granted.get(source) ?? 0)) {
      found.push(`${credits} credits taken back of ${source}, which granted ${granted.get(source) ?? 0}`)
    }
  }
  return found
}

const GRANTING = new Set(['invoice', 'payment', 'welcome', 'admin', 'refund', 'dispute'])

const negativeIsExplained = ({ credits, debt }: CreditAccount, entries: readonly LogEntry[]): boolean =>
  (credits >= 0 && debt === 0) ||
  entries.some((entry) => entry.kind === 'reversal' || (entry.kind === 'adjust' && entry.amount < 0))

function tryFold<T>(run: () => T): T | string {
  try {
    return run()
  } catch (error) {
    return (error as Error).message
  }
}

const print = (grants: CreditAccount['grants']): string =>
  JSON.stringify(
    [...grants]
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .map(({ id, granted, remaining, reserved, started, expired, effectiveAt, expiresAt, rollover }) => {
        const slices = [...reserved]
          .sort((a, b) => (a.hold < b.hold ? -1 : 1))
          .map((slice) => [slice.hold, slice.amount])
        const terms = rollover ? [rollover.plan, rollover.limit, rollover.periodStart, rollover.renews] : null
        return [id, granted, remaining, slices, started, expired, effectiveAt, expiresAt, terms]
      }),
  )
