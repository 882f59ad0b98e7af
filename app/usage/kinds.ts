import type { EntryKind } from '#models/credit-account.server.ts'

/** A choice of the ledger's filter: entries that mean the same to a reader. */
interface KindGroup {
  id: string
  label: string
  kinds: EntryKind[]
}

/** Every kind belongs to one group. */
export const KIND_GROUPS: KindGroup[] = [
  { id: 'spent', label: 'Spent', kinds: ['spend', 'capture'] },
  { id: 'granted', label: 'Added', kinds: ['grant', 'schedule', 'activate', 'cancel-schedule'] },
  { id: 'reserved', label: 'Reserved and released', kinds: ['hold', 'release'] },
  { id: 'expired', label: 'Expired', kinds: ['expire', 'cap'] },
  { id: 'corrected', label: 'Reversed or corrected', kinds: ['reversal', 'restore', 'adjust'] },
]

const ENTRY_KINDS = KIND_GROUPS.flatMap(({ kinds }) => kinds)
const STILL: EntryKind[] = ['schedule', 'cancel-schedule', 'hold', 'release']

/** Without a filter the page shows what moved credits; setting aside and giving back have a choice of their own. */
export const MOVING_KINDS = ENTRY_KINDS.filter((kind) => !STILL.includes(kind))

/** Finds the kinds that a group or a single kind's name stands for; null for any other word. */
export function kindsOf(name: string): EntryKind[] | null {
  const group = KIND_GROUPS.find(({ id }) => id === name)
  if (group) return group.kinds
  const kind = ENTRY_KINDS.find((candidate) => candidate === name)
  return kind ? [kind] : null
}
