import type { ReactNode } from 'react'
import { formatCredits } from '#app/format.ts'
import type { ChartView } from '#app/usage/chart-view.server.ts'
import { AddedMark, fillOf, Patterns, RemovedMark } from './chart-fills.tsx'

/** What each fill and mark of the chart stands for, with its sum over the period. */
export function ChartLegend({ view: { series, granted, removed } }: { view: ChartView }) {
  return (
    <ul className="flex flex-wrap content-start gap-x-6 gap-y-2 text-table lg:flex-col lg:flex-nowrap lg:pt-8">
      {series.map(({ name, total }, place) => (
        <LegendItem key={name} name={name} sum={formatCredits(total)}>
          <Patterns id={`legend-${place}`} />
          <rect x="0.5" y="0.5" width="13" height="13" {...fillOf(place, `legend-${place}`)} />
        </LegendItem>
      ))}
      {granted > 0 ? (
        <LegendItem name="Added" sum={formatCredits(granted, { signed: true })}>
          <AddedMark x={7} y={11} />
        </LegendItem>
      ) : null}
      {removed > 0 ? (
        <LegendItem name="Removed: expired or taken back" sum={formatCredits(-removed)}>
          <RemovedMark x={7} y={11} />
        </LegendItem>
      ) : null}
    </ul>
  )
}

function LegendItem({ name, sum, children }: { name: string; sum: string; children: ReactNode }) {
  return (
    <li className="flex min-w-0 items-start gap-2">
      <svg width="14" height="20" viewBox="0 -3 14 20" aria-hidden className="flex-none">
        {children}
      </svg>
      <span className="min-w-0 wrap-anywhere text-ink-2">{name}</span>
      <span className="ml-auto whitespace-nowrap">{sum}</span>
    </li>
  )
}
