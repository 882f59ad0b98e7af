import { fold } from '#app/credits/fold.ts'
import { TRIAL_KEY } from '#app/credits/keys.ts'
import type { Grant } from '#models/credit-account.server.ts'
import type { CreditEntry } from '#models/credit-entry.server.ts'
import type { Ledger } from './ledger.ts'
import type { TrueCredits, TrueShare } from './truth-credits.ts'

/*
 * What a cap had to take, computed from the purchases at Stripe and the plan file; what the entries themselves say about
 * plans, limits and periods is not read.
 */

interface Sold {
  invoice: TrueCredits
  share: TrueShare & { from: number }
  /** The number of the monthly share within its year. */
  nth: number
}

/**
 * When a period or a month begins, the credits left of a capped plan's earlier ones are at most the cap, and not one
 * credit is taken without need; each plan's credits are counted apart, and no other credits are ever taken.
 */
export function checkCaps({ entries }: Ledger, bought: Map<string, TrueCredits>): void {
  const origins = new Map(entries.flatMap((entry) => (entry.grant ? [[entry.grant.id, entry] as const] : [])))
  const soldAs = (grantId: string): Sold | null => soldBy(origins.get(grantId), bought)
  const explained = new Set<CreditEntry>()
  for (const [place, entry] of entries.entries()) {
    const sold = begins(entry, soldAs(entry.grantId ?? ''))
    if (!sold) continue
    let first = place
    while (entries[first - 1]?.kind === 'cap' && !explained.has(entries[first - 1]!)) first--
    const taken = entries.slice(first, place)
    for (const one of taken) explained.add(one)
    const due = dueOf(fold({ grants: [], debt: 0 }, entries.slice(0, first)).grants, soldAs, sold.share.from)
    const is = sumBy(taken, ({ grantId, amount }) => [poolOf(soldAs(grantId ?? '')) ?? 'none', -amount])
    if (print(is) !== print(due)) throw new Error(`${entry.key} took ${print(is)} above caps instead of ${print(due)}`)
  }
  const others = entries.filter((entry) => entry.kind === 'cap' && !explained.has(entry))
  if (others.length > 0) throw new Error(`${others[0]!.key} took credits when no period began`)
}

/** The first credits of a renewal begin a period, and so does each monthly share that starts on time. */
function begins({ kind }: CreditEntry, sold: Sold | null): Sold | null {
  if (!sold) return null
  return (sold.nth === 0 ? kind === 'grant' && sold.invoice.isRenewal : kind === 'activate') ? sold : null
}

/** Restored credits have the terms of their payment. */
function soldBy(origin: CreditEntry | undefined, bought: Map<string, TrueCredits>): Sold | null {
  if (!origin || origin.key === TRIAL_KEY) return null
  const id = origin.of?.id ?? origin.source.id
  const invoice = bought.get(id)
  const nth = origin.of ? 0 : Number(/^stripe:invoice:[^:]+:(\d+)$/.exec(origin.key)?.[1] ?? 0)
  const share = origin.key.endsWith(':packs') ? undefined : invoice?.shares[nth]
  return invoice && share?.from ? { invoice, share: { ...share, from: share.from }, nth } : null
}

function dueOf(grants: Grant[], soldAs: (grantId: string) => Sold | null, from: number): Map<string, number> {
  const earlier = grants.filter(({ id, started }) => started && (soldAs(id)?.share.from ?? Infinity) < from)
  const left = sumBy(earlier, ({ id, remaining }) => [poolOf(soldAs(id)), remaining])
  return new Map([...left].map(([pool, credits]) => [pool, Math.max(0, credits - Number(pool.split(' ')[1]))] as const))
}

/** "Daily 300"; null where the plan has no cap. */
function poolOf(sold: Sold | null): string | null {
  const limit = sold?.invoice.limit
  return limit && limit.cap !== null ? `${limit.plan} ${limit.cap}` : null
}

function sumBy<T>(all: T[], of: (one: T) => [string | null, number]): Map<string, number> {
  const sums = new Map<string, number>()
  for (const one of all) {
    const [name, amount] = of(one)
    if (name !== null) sums.set(name, (sums.get(name) ?? 0) + amount)
  }
  return sums
}

const print = (sums: Map<string, number>): string =>
  JSON.stringify([...sums].filter(([, credits]) => credits !== 0).sort())
