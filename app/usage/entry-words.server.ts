import type { EntrySource, LogEntry } from '#models/credit-account.server.ts'
import type { CreditEntry } from '#models/credit-entry.server.ts'
import { API_ACTION } from '../actions/api-request.server.ts'
import { actionTitle } from '../actions/paid-actions.server.ts'
import { formatCredits, formatCreditsInWords, formatDateTime, formatDay } from '../format.ts'

const SOURCES: Record<EntrySource['type'], string> = {
  invoice: 'Invoice',
  payment: 'Credit pack',
  welcome: 'Welcome',
  action: 'Action',
  hold: 'Action',
  refund: 'Refund',
  dispute: 'Dispute',
  admin: 'Administrator',
  system: 'System',
}

/** Says what an entry is, for its owner. */
export function wordsOf(entry: LogEntry, timeZone: string) {
  return { title: titleOf(entry, timeZone), source: sourceOf(entry) }
}

function titleOf(entry: LogEntry, timeZone: string): string {
  const action = actionName(entry.action)
  switch (entry.kind) {
    case 'spend':
    case 'capture':
      return action
    case 'hold':
      return `Reserved ${formatCreditsInWords(entry.holds ?? 0)} for ${action}`
    case 'release':
      return `Released ${formatCreditsInWords(entry.holds ?? 0)} reserved for ${action}`
    case 'grant':
      return entry.metadata?.packs === undefined ? grantTitle(entry.source) : 'Credit packs'
    case 'schedule': {
      const starts = entry.grant ? ` from ${formatDay(entry.grant.effectiveAt, timeZone, entry.at)}` : ''
      return `${formatCreditsInWords(entry.grant?.granted ?? 0)}${starts}`
    }
    case 'activate':
      return 'Scheduled credits added'
    case 'cancel-schedule':
      return 'Scheduled credits canceled'
    case 'expire':
      return 'Unused credits expired'
    case 'cap':
      return aboveTitle(entry)
    case 'reversal':
      if (entry.undoes) return REASSIGNED
      if (entry.source.reason === 'lost') return 'Dispute lost: credits not restored'
      return entry.source.type === 'dispute' ? 'Dispute reversal' : 'Refund reversal'
    case 'restore':
      return entry.money ? REASSIGNED : 'Credits restored'
    case 'adjust':
      if (entry.source.type === 'invoice') return 'Unused plan time returned'
      return entry.source.reason ? `Correction: ${entry.source.reason}` : 'Correction'
  }
}

/** A credit note arrived after its refund and says what it was for. */
const REASSIGNED = 'Refund assigned to its line of the invoice'

function aboveTitle({ above }: LogEntry): string {
  const limit = above?.limit ?? null
  return `Unused ${above ? `${above.plan} ` : ''}credits above the rollover limit${limit === null ? '' : ` of ${formatCredits(limit)}`}`
}

function grantTitle({ type, reason }: EntrySource): string {
  switch (type) {
    case 'invoice':
      return 'Plan credits'
    case 'payment':
      return 'Credit pack'
    case 'welcome':
      return 'Welcome credits'
    default:
      return reason ? `Credits: ${reason}` : 'Credits'
  }
}

/** For a spend over the API without a named action. */
const API_TITLE = 'API'

/** The name of an action, for its owner. */
export const actionName = (id: string | undefined): string =>
  id === undefined || id === API_ACTION ? API_TITLE : actionTitle(id)

function sourceOf({ kind, action, source }: LogEntry): string {
  if (kind !== 'spend' && kind !== 'capture' && kind !== 'hold' && kind !== 'release') return SOURCES[source.type]
  return action !== undefined && actionTitle(action) !== action ? 'Action' : API_TITLE
}

/** Sources whose ids are on documents that customers have. */
export const NAMED_SOURCES = new Set<EntrySource['type']>(['invoice', 'payment', 'refund', 'dispute'])

/** The run that an entry belongs to, if it is one of an action of ours. */
export const runOf = ({ hold, action }: CreditEntry): string | null =>
  hold !== undefined && action !== undefined && actionTitle(action) !== action ? `/runs?hold=${hold}` : null

/** What unfolds under a row: the exact time, the grants that were used, and the ids that support asks for. */
export function detailOf(entry: CreditEntry, timeZone: string): [label: string, text: string][] {
  const rows: [string, string][] = [['Time', formatDateTime(entry.at, timeZone)]]
  for (const [grant, credits] of entry.burned) {
    rows.push(['From', `${formatCreditsInWords(credits)} of ${grantName(grant)}`])
  }
  if ((entry.kind === 'expire' || entry.kind === 'cap') && entry.grantId && entry.amount < 0) {
    rows.push(['From', `${formatCreditsInWords(-entry.amount)} of ${grantName(entry.grantId)}`])
  }
  if (NAMED_SOURCES.has(entry.source.type)) rows.push(['Source', entry.source.id])
  for (const [name, text] of Object.entries(entry.metadata ?? {})) rows.push([name, text])
  rows.push(['Key', entry.key])
  return rows
}

/** A grant's id contains the key that made it: `g:stripe:invoice:in_…`, `g:sys:welcome`. */
function grantName(grantId: string): string {
  const [origin, type, id] = grantId.replace(/^g:/, '').split(':')
  if (origin === 'sys' && type === 'welcome') return 'the welcome credits'
  if (origin === 'stripe' && type === 'trial') return 'the trial credits'
  if (origin === 'stripe' && type === 'invoice') return `invoice ${id}`
  if (origin === 'stripe' && type === 'payment') return `credit pack ${id}`
  return 'a correction'
}
