import { createHash, randomUUID } from 'node:crypto'
import type { User } from '#models/user.server.ts'
import { effectivePlan } from '../billing/entitlements/current-plan.ts'
import { FEATURE_NAMES, limitOf, usesLeft } from '../billing/entitlements/entitlements.ts'
import { now } from '../clock.server.ts'
import { config } from '../config.server.ts'
import { getBalance } from '../credits/balance.server.ts'
import { readUses } from '../credits/limits.server.ts'
import { formatCreditsInWords, formatDateTime } from '../format.ts'
import { deletedInWords, lockOf, outcomeOf, type Sum, sumOf, usesInWords } from './action-words.ts'
import type { ActionField, PaidAction } from './registry.ts'
import { recoverRun } from './run-action.server.ts'
import { type ActionRunView, findRun, listRuns, toRunView } from './run-store.server.ts'

/** A run as the page shows it, in finished texts. */
export type RunOnPage = ReturnType<typeof toRunOnPage>

export type ActionPage = Awaited<ReturnType<typeof readActionPage>>

/** The run to show, and the one whose input fills the form. */
interface RunsAsked {
  runId: string | null
  again: string | null
}

const RECENT = 5
const FACT_MAX = 300
const RUN_ID = /^[0-9a-f]{32}$/

/**
 * Reads an action's page: its form, its price, the requested run and the latest ones.
 * @param asked which runs, as their ids came from outside
 */
export async function readActionPage(user: User, action: PaidAction, { runId, again }: RunsAsked) {
  const run = runId === null ? null : await readRun(user, runId)
  const [balance, recent, uses, values] = await Promise.all([
    getBalance(user._id),
    listRuns(user._id, action.id, RECENT),
    usesOf(user, action),
    inputOf(user, action, again),
  ])
  const { id, title, summary, isFixedPrice, unit } = action
  return {
    id,
    title,
    summary,
    fields: action.fields.map((field) => shownField(field, values[field.name])),
    isFixedPrice,
    /** Of the next run: the same key never runs twice. */
    key: randomUUID() as string,
    /** What a run costs, where that is known before anything is filled in. */
    sum: isFixedPrice ? sumOf(unit, 1, balance.credits) : null,
    uses,
    extras: extrasOf(user, action),
    run: run?.actionId === id ? toRunOnPage(run, action, balance.credits) : null,
    recent: recent.map(({ _id, facts, createdAt }) => ({
      id: _id,
      text: shortened(Object.values(facts)[0] ?? title),
      at: formatDateTime(createdAt, user.timeZone, now()),
    })),
  }
}

/** "18 of 20 left this month. Resets on 1 Jun."; null where there is no limit. */
async function usesOf(user: User, { limit: name }: PaidAction): Promise<string | null> {
  if (!name) return null
  const limit = limitOf(user, name, now())
  if (limit.max === Infinity) return null
  return usesInWords(limit.max, usesLeft(limit, await readUses(user._id, name), now()), user.timeZone)
}

/** What the plan lacks for a fuller result, with the page that offers it. */
function extrasOf({ subscription }: User, { id, extras = [] }: PaidAction) {
  const plan = effectivePlan(subscription)
  return extras.flatMap((feature) => {
    const text = lockOf(FEATURE_NAMES[feature], feature, plan)
    return text ? [{ text, to: `/billing/upgrade?feature=${feature}&action=${id}` }] : []
  })
}

/** Reads a run. One that a dead process left is ended first, so that the page does not wait for it. */
export async function readRun(user: Pick<User, '_id'>, runId: string | null): Promise<ActionRunView | null> {
  const run = runId !== null && RUN_ID.test(runId) ? await findRun(user._id, runId) : null
  if (!run) return null
  const isAbandoned = !run.finishedAt && run.leaseUntil < now()
  return toRunView(isAbandoned ? await recoverRun(run) : run)
}

function toRunOnPage(run: ActionRunView, { id, unit, isStreamed }: PaidAction, credits: number) {
  return {
    id: run.id,
    status: run.status,
    outcome: outcomeOf(run, unit, credits),
    failure: run.failure,
    /** Why there is no result to show. */
    deletion: deletionOf(run),
    href: `/actions/${id}?run=${run.id}`,
    /** What a streamed run has written. */
    text: run.progress?.text ?? null,
    spentSoFar: run.status === 'running' && run.progress ? formatCreditsInWords(run.progress.credits) : null,
    note: run.note,
    /** Where a streamed run can be followed, and so stopped. */
    events: run.status === 'running' && isStreamed ? `/actions/${id}/runs/${run.id}/events` : null,
    facts: run.facts.map(([label, text]): [string, string] => [label, shortened(text)]),
    files: run.files.map(({ name, label, contentType }) => ({
      name,
      label,
      href: `/actions/${id}/runs/${run.id}/${encodeURIComponent(name)}`,
      isImage: contentType === 'image/png',
    })),
  }
}

/** A field as a page can take it. */
export type ShownField = Omit<ActionField, 'options'> & { options?: { value: string; label: string }[] }

function shownField({ options, ...field }: ActionField, value: string | undefined): ShownField {
  const choices = typeof options === 'function' ? options() : options
  return { ...field, ...(choices && { options: choices }), defaultValue: value ?? field.defaultValue }
}

/** Why a run has no result any more; null if it has one. */
export function deletionOf({ isDeleted, isDeletedByOwner }: ActionRunView): string | null {
  if (!isDeleted) return null
  return isDeletedByOwner ? 'You deleted this result.' : deletedInWords('result', config().keepDays.runResults)
}

/** What was sent for an earlier run of this action, by field; nothing for a run that is not there. */
async function inputOf(user: User, { id }: PaidAction, runId: string | null): Promise<Record<string, string>> {
  const run = runId !== null && RUN_ID.test(runId) ? await findRun(user._id, runId) : null
  if (!run?.input || run.actionId !== id) return {}
  const sent = Object.entries(JSON.parse(run.input) as Record<string, unknown>)
  return Object.fromEntries(sent.map(([name, value]) => [name, typeof value === 'string' ? value : String(value)]))
}

/** Facts are there to recognize a result, which has the whole text. */
const shortened = (text: string): string => (text.length > FACT_MAX ? `${text.slice(0, FACT_MAX)}…` : text)

/** An action's form as it was sent. */
export interface SentForm {
  intent: 'run' | 'check'
  values: Record<string, string>
  /** The form's own key; null when it is missing or not one of ours. */
  key: string | null
}

const FORM_KEY = /^[0-9a-f-]{36}$/

/** Reads an action's form: its own fields and nothing else. */
export function readForm(action: PaidAction, form: FormData): SentForm {
  const text = (name: string): string | undefined => {
    const value = form.get(name)
    return typeof value === 'string' ? value : undefined
  }
  const values: Record<string, string> = {}
  for (const { name, kind } of action.fields) {
    const value = text(name)
    // A form sends line ends as CR LF; people mean one character.
    if (value !== undefined) values[name] = kind === 'textarea' ? value.replaceAll('\r\n', '\n') : value
  }
  const key = text('key') ?? ''
  return {
    intent: text('intent') === 'check' ? 'check' : 'run',
    values,
    key: FORM_KEY.test(key) ? key : null,
  }
}

/**
 * The key of one press of the button, for runAction: a second press with the same values is the same request, while other
 * values in the same form (after going back in the browser) are another one.
 */
export function pressKey(formKey: string, values: Record<string, string>): string {
  return createHash('sha256')
    .update(JSON.stringify([formKey, Object.entries(values).sort()]))
    .digest('hex')
}

/**
 * Works out what the values of a form cost, before anything is charged.
 * @throws InvalidActionInput
 */
export async function checkCost(user: User, action: PaidAction, values: Record<string, string>): Promise<Sum> {
  const { units } = action.prepare(values)
  const { credits } = await getBalance(user._id)
  return sumOf(action.unit, units, credits)
}
