import type { Grant, GrantTerms, LogEntry, Rollover } from '#models/credit-account.server.ts'
import { burnOrder, fold, type Folded } from './fold.ts'
import { capKey } from './keys.ts'

/** What goes of one grant, because with it there is more left over than its limit lets stay. */
export interface AboveLimit {
  grant: Grant
  credits: number
}

/**
 * What of earlier credits goes when a period begins: of all that was granted under one plan with one limit, what is left
 * above that limit, the oldest first. Credits under other terms are counted apart; packs, gifts and what holds have set
 * aside are not counted.
 * @param grants as they stand at that moment
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

/** Credits of one plan that were granted under one limit are counted together. */
const poolOf = ({ plan, limit }: Pool): string => `${limit} ${plan}`

type Pool = Pick<Rollover, 'plan' | 'limit'>

/**
 * The entries for what goes when a grant begins a period. They belong into the write that starts the grant: without it
 * there is no period, and once it is recorded they are.
 * @param folded the grants as they stand before it starts
 * @param begins the grant
 * @param at now
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
 * Checks a ledger: when a period begins, no more is left of earlier credits than their limits let stay, and where
 * something went for that, not a credit less.
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
