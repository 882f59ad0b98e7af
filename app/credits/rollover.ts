import type { Grant, GrantTerms, LogEntry, Rollover } from '#models/credit-account.server.ts'
import { burnOrder, fold, type Folded } from './fold.ts'
import { capKey } from './keys.ts'

/** The part of one grant above its rollover limit. */
export interface AboveLimit {
  grant: Grant
  credits: number
}

/**
 * The earlier credits to remove when a period starts: of all credits granted under one plan with one limit, what is
 * left above that limit, oldest first. Credits under other terms are counted separately; packs, gifts and held credits
 * are not counted.
 * @param periodStart when the period begins: what was bought for it, or for a later one, is not left over
 */
export function aboveLimits(grants: readonly Grant[], periodStart: Date): AboveLimit[] {
  const pools = new Map<string, { limit: number; grants: Grant[] }>()
  for (const grant of grants) {
    const { rollover, started } = grant
    if (!rollover || rollover.limit === null || rollover.periodStart >= periodStart || !started) continue
    const pool = poolOf(rollover)
    pools.set(pool, { limit: rollover.limit, grants: [...(pools.get(pool)?.grants ?? []), grant] })
  }
  return [...pools.values()].flatMap((pool) => {
    let above = pool.grants.reduce((sum, { remaining }) => sum + remaining, 0) - pool.limit
    return pool.grants.sort(burnOrder).flatMap((grant) => {
      const credits = Math.max(0, Math.min(above, grant.remaining))
      above -= credits
      return credits > 0 ? [{ grant, credits }] : []
    })
  })
}

/** Credits of one plan and one limit are counted together. */
const poolOf = ({ plan, limit }: Pool): string => `${limit} ${plan}`

type Pool = Pick<Rollover, 'plan' | 'limit'>

/**
 * The entries that apply rollover limits when a grant starts a period. They belong in the write that starts the grant,
 * so neither is recorded without the other.
 * @param folded the grants before it starts
 */
export function capEntries(
  { grants }: Pick<Folded, 'grants'>,
  begins: Pick<GrantTerms, 'id' | 'rollover'>,
  at: Date,
): LogEntry[] {
  if (!begins.rollover?.renews) return []
  return aboveLimits(grants, begins.rollover.periodStart).map(({ grant, credits }, nth) => ({
    key: capKey(begins.id, nth),
    kind: 'cap',
    amount: -credits,
    at,
    source: { type: 'system', id: grant.id },
    grantId: grant.id,
    ...(grant.rollover && { above: { plan: grant.rollover.plan, limit: grant.rollover.limit } }),
  }))
}

/**
 * Checks a ledger: when a period starts, no more earlier credits are left than their limits allow, and no more were
 * removed than necessary.
 * @param ledger an account's entries from the first one on
 * @returns one sentence per violation
 */
export function limitViolations(ledger: readonly (LogEntry & { seq: number })[]): string[] {
  const found: string[] = []
  const terms = new Map(ledger.flatMap(({ grant }) => (grant ? [[grant.id, grant] as const] : [])))
  let folded: Folded = { grants: [], debt: 0 }
  let from = 0
  for (const [place, { kind, seq, grantId }] of ledger.entries()) {
    const begins = kind === 'grant' || kind === 'activate' ? terms.get(grantId ?? '') : undefined
    if (!begins?.rollover?.renews) continue
    const { periodStart } = begins.rollover
    const since = ledger.slice(from, place)
    folded = fold(folded, since)
    from = place
    if (aboveLimits(folded.grants, periodStart).length > 0) found.push(`row ${seq} begins a period above a limit`)
    const prefix = capKey(begins.id, 0).slice(0, -1)
    for (const { above } of since.filter((entry) => entry.kind === 'cap' && entry.key.startsWith(prefix))) {
      const left = above ? leftUnder(above, folded.grants, periodStart) : null
      if (left !== above?.limit)
        found.push(`row ${seq} begins a period with ${left} left of ${above?.limit} that may stay`)
    }
  }
  return found
}

function leftUnder(above: Pool, grants: Grant[], periodStart: Date): number {
  const pool = grants.filter(
    ({ rollover, started }) =>
      started && rollover && poolOf(rollover) === poolOf(above) && rollover.periodStart < periodStart,
  )
  return pool.reduce((sum, { remaining }) => sum + remaining, 0)
}
