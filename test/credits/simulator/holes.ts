import type { AccountFilter, AccountUpdate, CreditStore } from '#app/credits/store.server.ts'
import type { World } from './simulation.ts'

type Loose = Record<string, unknown>
interface LooseUpdate {
  $set?: Loose
  $inc?: Loose
  $min?: Loose
  $pull?: Loose
  $push?: { pending?: { $each?: { kind: string; amount: number; grant?: unknown }[] } }
}
type Cut = (filter: Loose, update: LooseUpdate) => void

/**
 * Reopens known holes of the first design, by removing the fence or field that closes each from what
 * the engine sends. The engine itself has no switches.
 */
export const holes: Record<string, Cut> = {
  'H1: an expiry does not notice a spend': (filter, update) => {
    if (typeof filter['credits'] === 'number' && update.$set?.nextChange) delete filter['credits']
  },
  'H3: a settle and a capture both end one hold': (filter, update) => {
    if (update.$pull?.holds || update.$inc?.posted) delete filter['version']
  },
  'H5: a spend is not fenced': (filter, update) => {
    if (!update.$set?.version) delete filter['version']
    noteLog(update)
  },
  'H8: only a settle renews the version': (_filter, update) => {
    if (update.$set?.version && !update.$inc?.posted) delete update.$set.version
    noteLog(update)
  },
  'H9: a release does not wake the account': (_filter, update) => {
    if (update.$pull?.holds) delete update.$min?.['nextChange']
  },
  'H14: a reversal is not fenced': (filter, update) => {
    if (update.$push?.pending?.$each?.some((entry) => entry.kind === 'reversal')) delete filter['version']
  },
  'H18: a grant does not bring the next change forward': (_filter, update) => {
    if (update.$push?.pending?.$each?.some((entry) => entry.grant !== undefined)) delete update.$min?.['nextChange']
  },
  'a cap does not notice a spend': (filter, update) => {
    if (update.$push?.pending?.$each?.some((entry) => entry.kind === 'cap')) delete filter['credits']
  },
  'a month begins without applying the cap': (_filter, update) => {
    const { $push, $inc } = update
    const all = $push?.pending?.$each ?? []
    const capped = all.filter(({ kind }) => kind === 'cap').reduce((sum, { amount }) => sum + amount, 0)
    if (capped === 0 || typeof $inc?.['credits'] !== 'number' || !$push?.pending) return
    $push.pending.$each = all.filter(({ kind }) => kind !== 'cap')
    $inc['credits'] -= capped
  },
  'a spend is not conditional': (filter, update) => {
    if (!update.$set?.version) delete filter['credits']
  },
  'a spend is not filtered by the caps': (filter, update) => {
    if (!update.$push?.pending) return
    for (const field of Object.keys(filter)) if (/^spendingCaps\..*\.used$/.test(field)) delete filter[field]
  },
  'a cap is not filtered by its period': (filter) => {
    for (const field of Object.keys(filter)) if (/^spendingCaps\..*\.resetsAt$/.test(field)) delete filter[field]
  },
  'a change of caps leaves the version alone': (_filter, update) => {
    if (Object.keys(update.$set ?? {}).some((field) => field.startsWith('spendingCaps.')))
      delete update.$set?.['version']
  },
  'a new cap does not notice a spend': (filter, update) => {
    if (update.$set?.['holds']) delete filter['credits']
  },
  'a released hold stays in the count of a cap': (_filter, update) => {
    if (!update.$pull?.holds) return
    for (const field of Object.keys(update.$inc ?? {}))
      if (field.startsWith('spendingCaps.')) delete update.$inc?.[field]
  },
  'a log is not marked as waiting to be posted': (_filter, update) => {
    delete update.$min?.['loggedSince']
  },
  'a log is marked as empty beside a spend': (filter) => {
    delete filter['pending.0']
  },
  'a key is not looked up in the log': (filter) => {
    delete filter['pending.key']
    delete filter['version']
  },
}

/** Marks the log, so that a hole in a fence is found by its effect on credits, not by a log that is never posted. */
function noteLog(update: LooseUpdate): void {
  if (update.$push?.pending) update.$min = { loggedSince: new Date(0), ...update.$min }
}

/** The world with one hole in it. */
export function withHole(world: World, cut: Cut): World {
  const { store } = world
  const holed = (filter: AccountFilter, update: AccountUpdate): [AccountFilter, AccountUpdate] => {
    const [cutFilter, cutUpdate] = [{ ...filter }, structuredClone(update)]
    cut(cutFilter, cutUpdate as LooseUpdate)
    for (const operator of ['$set', '$min'] as const) {
      if (cutUpdate[operator] && Object.keys(cutUpdate[operator]).length === 0) delete cutUpdate[operator]
    }
    return [cutFilter, cutUpdate]
  }
  const holedStore: CreditStore = {
    findAccount: (id) => store.findAccount(id),
    insertAccount: (account) => store.insertAccount(account),
    findEntry: (id) => store.findEntry(id),
    findEntriesOfSource: (id, source) => store.findEntriesOfSource(id, source),
    insertEntries: (rows) => store.insertEntries(rows),
    updateAccount: (filter, update) => store.updateAccount(...holed(filter, update)),
    renewAccount: (filter, update, version) => store.renewAccount(...holed(filter, update), version),
  }
  return { ...world, store: holedStore }
}
