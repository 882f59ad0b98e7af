import { API_ACTION } from '../actions/api-request.server.ts'
import { paidActions } from '../actions/paid-actions.server.ts'
import { PERIODS } from './chart.ts'
import { actionName } from './entry-words.server.ts'
import { countFilters, type UsageQuery } from './filters.ts'
import { KIND_GROUPS } from './kinds.ts'

/** The filter form and its values. */
export type FiltersView = ReturnType<typeof filtersView>

/** How many actions named by programs can be chosen: a longer list does not help. */
const NAMED_MAX = 50

/**
 * Fills the filter form.
 * @param actionsOfChart programs name actions as they like, so those in the chart can be chosen beside our own
 */
export function filtersView(query: UsageQuery, actionsOfChart: readonly string[]) {
  const { kind, action, from, to, period } = query
  return {
    count: countFilters(query),
    kinds: KIND_GROUPS.map(({ id, label }) => ({ id, label })),
    actions: actionsToChoose(actionsOfChart, action),
    values: { kind, action, from, to, days: period === PERIODS[0] ? '' : String(period) },
  }
}

function actionsToChoose(actionsOfChart: readonly string[], chosen: string) {
  const own = [...paidActions().map(({ id }) => id), API_ACTION]
  const named = actionsOfChart.filter((id) => !own.includes(id)).slice(0, NAMED_MAX)
  if (chosen && !own.includes(chosen) && !named.includes(chosen)) named.push(chosen)
  named.sort((one, other) => one.localeCompare(other))
  return [...own, ...named].map((id) => ({ id, label: actionName(id) }))
}
