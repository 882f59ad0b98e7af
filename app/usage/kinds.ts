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

/** Shown without a filter: what moved credits. Reserving and releasing have their own choice. */
export const MOVING_KINDS = ENTRY_KINDS.filter((kind) => !STILL.includes(kind))

/** All words that {@link kindsOf} knows. */
export const KIND_NAMES: string[] = [...KIND_GROUPS.map(({ id }) => id), ...ENTRY_KINDS]

/** The kinds of a group, or the one kind of that name; null for any other word. */
export function kindsOf(name: string): EntryKind[] | null {
  const group = KIND_GROUPS.find(({ id }) => id === name)
  if (group) return group.kinds
  const kind = ENTRY_KINDS.find((candidate) => candidate === name)
  return kind ? [kind] : null
}
