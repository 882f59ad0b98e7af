import type { Grant, LogEntry } from '#models/credit-account.server.ts'

/** The state that a log folds into. */
export interface Folded {
  grants: Grant[]
  debt: number
}

/** Which grants an entry burned, and how much of each. */
export type Burned = [grantId: string, credits: number][]

/**
 * The order in which grants burn: priority, earlier expiry, promotional before paid, earlier start, earlier creation.
 * @see https://docs.stripe.com/billing/subscriptions/usage-based/billing-credits
 */
export function burnOrder(a: Grant, b: Grant): number {
  return (
    a.priority - b.priority ||
    a.expiresAt.getTime() - b.expiresAt.getTime() ||
    (a.category === 'promotional' ? 0 : 1) - (b.category === 'promotional' ? 0 : 1) ||
    a.effectiveAt.getTime() - b.effectiveAt.getTime() ||
    a.createdAt.getTime() - b.createdAt.getTime() ||
    (a.id < b.id ? -1 : 1)
  )
}

const isOpen = (grant: Grant): boolean => grant.started && !grant.expired && grant.remaining > 0

/**
 * Takes up to `credits` from grants in burn order, reporting each slice to `taken`; returns what could not be taken.
 */
function take(credits: number, from: Grant[], taken: (grant: Grant, credits: number) => void): number {
  let left = credits
  for (const grant of from.sort(burnOrder)) {
    const slice = Math.min(left, grant.remaining)
    if (slice <= 0) continue
    grant.remaining -= slice
    left -= slice
    taken(grant, slice)
  }
  return left
}

/**
 * Applies a log to the grants and the debt: a pure left fold in the log's order, independent of the clock. Splitting
 * the log into other batches gives the same result, and the ledger alone rebuilds the account.
 * @returns grants that still matter, the debt in credits, and what each entry burned, by key
 * @throws Error when an entry contradicts the grants, which only a bug or an edit of the database can cause
 */
export function fold(start: Folded, log: readonly LogEntry[]): Folded & { burned: Map<string, Burned> } {
  const grants = new Map(start.grants.map((grant) => [grant.id, copyOf(grant)]))
  const burned = new Map<string, Burned>()
  let debt = start.debt
  const all = () => [...grants.values()]
  const open = () => all().filter(isOpen)
  const get = (id: string | undefined, entry: LogEntry): Grant => {
    const grant = id === undefined ? undefined : grants.get(id)
    if (!grant) throw new Error(`${entry.kind} ${entry.key} names a grant that is not there: ${id}`)
    return grant
  }

  for (const entry of log) {
    const burn = (grant: Grant, credits: number) => {
      burned.set(entry.key, [...(burned.get(entry.key) ?? []), [grant.id, credits]])
    }
    const begin = () => {
      if (!entry.grant) throw new Error(`${entry.kind} ${entry.key} carries no grant`)
      grants.set(entry.grant.id, {
        ...entry.grant,
        remaining: entry.amount,
        reserved: [],
        started: entry.kind !== 'schedule',
        expired: false,
      })
    }
    switch (entry.kind) {
      case 'schedule':
      case 'grant':
      case 'restore':
        begin()
        break
      case 'activate': {
        const grant = get(entry.grantId, entry)
        grant.started = true
        grant.remaining = entry.amount
        break
      }
      case 'cancel-schedule': {
        const grant = get(entry.grantId, entry)
        grant.granted -= entry.cancels ?? grant.granted
        if (grant.granted <= 0) grants.delete(grant.id)
        break
      }
      case 'spend':
        debt += take(-entry.amount, open(), burn)
        break
      case 'adjust':
        if (entry.grant) begin()
        else {
          const named = open().filter(({ id }) => id === entry.grantId)
          debt += take(take(-entry.amount, named, burn), open(), burn)
        }
        break
      case 'reversal': {
        const named = open().filter(({ id }) => id === entry.grantId)
        const own = open().filter((grant) => grant.source.type === entry.of?.type && grant.source.id === entry.of.id)
        debt += take(take(take(-entry.amount, named, burn), own, burn), open(), burn)
        break
      }
      case 'hold':
        take(entry.holds ?? 0, open(), (grant, amount) => grant.reserved.push({ hold: entry.hold ?? '', amount }))
        break
      case 'capture':
      case 'release':
        giveBack(all(), entry, burn)
        break
      case 'expire': {
        const grant = get(entry.grantId, entry)
        if (grant.remaining !== -entry.amount) {
          throw new Error(`${entry.key} expires ${-entry.amount} where ${grant.remaining} is left`)
        }
        grant.remaining = 0
        grant.expired = true
        break
      }
      case 'cap': {
        const grant = get(entry.grantId, entry)
        if (grant.remaining + entry.amount < 0) {
          throw new Error(`${entry.key} takes ${-entry.amount} where ${grant.remaining} is left`)
        }
        grant.remaining += entry.amount
        break
      }
    }
    // New credits pay a debt first.
    if (debt > 0) debt = take(debt, open(), burn)
  }
  return { grants: all().filter(stillMatters), debt, burned }
}

/** A capture burns its own slices in burn order and returns the rest to their grants; a release returns all. */
function giveBack(grants: Grant[], entry: LogEntry, burn: (grant: Grant, credits: number) => void): void {
  let used = -entry.amount
  for (const grant of grants.sort(burnOrder)) {
    for (const slice of grant.reserved.filter((reserved) => reserved.hold === entry.hold)) {
      const burnt = Math.min(used, slice.amount)
      used -= burnt
      if (burnt > 0) burn(grant, burnt)
      grant.remaining += slice.amount - burnt
      grant.reserved = grant.reserved.filter((reserved) => reserved !== slice)
    }
  }
}

/** A grant leaves the document when nothing of it is left, held or scheduled; the ledger keeps it. */
const stillMatters = (grant: Grant): boolean => !grant.started || grant.remaining > 0 || grant.reserved.length > 0

const copyOf = (grant: Grant): Grant => ({ ...grant, reserved: grant.reserved.map((slice) => ({ ...slice })) })
