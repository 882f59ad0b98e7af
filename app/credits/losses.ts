import { type Grant, NEVER, type Rollover } from '#models/credit-account.server.ts'
import { fold, type Folded } from './fold.ts'
import { capEntries } from './rollover.ts'
import { whatIsDue } from './tick.server.ts'

/** Credits that will be lost unless they are used. */
export interface Loss {
  at: Date
  credits: number
  /** The plan they were granted under; null for other expiring credits. */
  plan: string | null
  /** The rollover limit they exceed; null if they expire. */
  limit: number | null
}

/**
 * The credits that will be lost if nothing is spent, computed by the functions that remove them: expiries, monthly
 * starts, and the next renewal. Soonest first; empty if all stay.
 * @param when `now`, and when the plan renews next, or null
 */
export function lossesAhead(
  { grants, debt }: { grants: readonly Grant[]; debt: number },
  { now, renewsAt }: { now: Date; renewsAt: Date | null },
): Loss[] {
  const times = grants.flatMap(({ started, effectiveAt, expiresAt }) => [...(started ? [] : [effectiveAt]), expiresAt])
  const ahead = [...times, ...(renewsAt ? [renewsAt] : [])].filter((time) => time > now && time < NEVER)
  const moments = [...new Set(ahead.map((time) => time.getTime()))].sort((one, other) => one - other)
  let state: Folded = { grants: [...grants], debt }
  return moments.flatMap((moment) => {
    const at = new Date(moment)
    const before = state.grants
    const due = whatIsDue({ ...state, pending: [], posted: 0 }, at).entries
    state = fold(state, due)
    const renewal = moment === renewsAt?.getTime() ? capEntries(state, renewalAt(at), at) : []
    state = fold(state, renewal)
    const losses = new Map<string, Loss>()
    for (const { kind, grantId, amount } of [...due, ...renewal]) {
      if ((kind !== 'expire' && kind !== 'cap') || amount === 0) continue
      const terms = before.find(({ id }) => id === grantId)?.rollover
      const plan = terms?.plan ?? null
      const limit = kind === 'cap' ? (terms?.limit ?? null) : null
      const known = losses.get(`${limit} ${plan}`)
      losses.set(`${limit} ${plan}`, { at, plan, limit, credits: (known?.credits ?? 0) - amount })
    }
    return [...losses.values()]
  })
}

/** The part of the plan's next grant that matters for earlier ones. */
const renewalAt = (periodStart: Date): { id: string; rollover: Rollover } => ({
  id: 'renewal',
  rollover: { plan: '', limit: null, periodStart, renews: true },
})
