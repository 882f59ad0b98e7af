import { API_ACTION } from '../actions/api-request.server.ts'
import { paidActions } from '../actions/paid-actions.server.ts'
import { PERIODS } from './chart.ts'
import type { Day } from './days.ts'
import { actionName } from './entry-words.server.ts'
import { countFilters, type UsageQuery } from './filters.ts'
import { KIND_GROUPS } from './kinds.ts'

interface Choice {
  id: string
  label: string
}

/** The filter form as it stands. */
export interface FiltersView {
  count: number
  kinds: Choice[]
  actions: Choice[]
  values: { kind: string; action: string; from: Day; to: Day; days: string }
}

/** How many actions that programs named can be chosen: a list of more is no help. */
const NAMED_MAX = 50

/**
 * Fills the filter form.
 * @param actionsOfChart programs name actions as they like: those that the chart shows can be chosen, besides our own
 */
export function filtersView(query: UsageQuery, actionsOfChart: readonly string[]): FiltersView {
  const { kind, action, from, to, period } = query
  return {
    count: countFilters(query),
    kinds: KIND_GROUPS.map(({ id, label }) => ({ id, label })),
    actions: actionsToChoose(actionsOfChart, action),
    values: { kind, action, from, to, days: period === PERIODS[0] ? '' : String(period) },
  }
}

function actionsToChoose(actionsOfChart: readonly string[], chosen: string): Choice[] {
  const own = [...paidActions.map(({ id }) => id), API_ACTION]
  const named = actionsOfChart.filter((id) => !own.includes(id)).slice(0, NAMED_MAX)
  if (chosen && !own.includes(chosen) && !named.includes(chosen)) named.push(chosen)
  named.sort((one, other) => one.localeCompare(other))
  return [...own, ...named].map((id) => ({ id, label: actionName(id) }))
}
