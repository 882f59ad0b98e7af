import type { ChartView, DrawingView } from '#app/usage/chart-view.server.ts'
import { AddedMark, fillOf, Patterns, RemovedMark } from './chart-fills.tsx'
import { ChartLegend } from './chart-legend.tsx'
import { ChartTable } from './chart-table.tsx'
import { useChartReadout } from './use-chart-readout.ts'

/** Spending by day, stacked by action, drawn on the server; other changes are marks above the bars. */
export function Chart({ view }: { view: ChartView }) {
  const { readout, handlers } = useChartReadout(view.bars.map(({ readout: text }) => text))
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-4 rounded-sheet border border-rule bg-sheet p-4 sm:p-6">
      <p>{view.sentence}</p>
      <div className="grid grid-cols-[minmax(0,1fr)] gap-4 lg:grid-cols-[45rem_minmax(0,1fr)] lg:gap-8">
        <div className="grid grid-cols-[minmax(0,1fr)] gap-1">
          <p aria-live="polite" className="min-h-6 text-table text-ink-2">
            {readout ?? view.hint}
          </p>
          {/* Not wider than it was drawn: its text would grow with it. */}
          <div {...handlers} className="max-w-[45rem]">
            <ChartDrawing drawing={view.wide} view={view} id="wide" className="hidden sm:block" />
            <ChartDrawing drawing={view.narrow} view={view} id="narrow" className="sm:hidden" />
          </div>
        </div>
        <ChartLegend view={view} />
      </div>
      <details>
        <summary className="cursor-pointer py-1 text-table">Show as a table</summary>
        <div className="mt-2">
          <ChartTable view={view} />
        </div>
      </details>
    </div>
  )
}

function ChartDrawing({
  drawing,
  view,
  id,
  className,
}: {
  drawing: DrawingView
  view: ChartView
  id: string
  className: string
}) {
  const { width, height, plot, zeroY, rules, bars, granted, removed, labels } = drawing
  return (
    <svg
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-labelledby={`chart-${id}-title chart-${id}-sentence`}
      data-plot-x={plot.x}
      data-plot-width={plot.width}
      className={`w-full ${className}`}
    >
      <title id={`chart-${id}-title`}>{view.title}</title>
      <desc id={`chart-${id}-sentence`}>{view.sentence}</desc>
      <Patterns id={id} />
      {rules.map(({ value, y, text }) => (
        <g key={value}>
          <line x1={plot.x} x2={plot.x + plot.width} y1={y} y2={y} className="stroke-rule" />
          <SideText x={plot.x - 8} y={y + 4}>
            {text}
          </SideText>
        </g>
      ))}
      {bars.map(({ key, parts }) => (
        <g key={key}>
          {parts.map(({ series, ...rect }) => (
            <rect key={series} {...rect} {...fillOf(series, id)} />
          ))}
        </g>
      ))}
      {granted ? <MarkLine line={granted} plot={plot} name="Added" Mark={AddedMark} tone="fill-credit" /> : null}
      {removed ? <MarkLine line={removed} plot={plot} name="Removed" Mark={RemovedMark} tone="fill-ink" /> : null}
      <line x1={plot.x} x2={plot.x + plot.width} y1={zeroY} y2={zeroY} className="stroke-ink" />
      <SideText x={plot.x - 8} y={zeroY + 4}>
        0
      </SideText>
      {labels.map(({ x, text, anchor }) => (
        <text key={x} x={x} y={height - 6} textAnchor={anchor} className="fill-ink-2 text-fine">
          {text}
        </text>
      ))}
    </svg>
  )
}

function MarkLine({
  line: { y, marks },
  plot,
  name,
  Mark,
  tone,
}: {
  line: NonNullable<DrawingView['granted']>
  plot: DrawingView['plot']
  name: string
  Mark: typeof AddedMark
  tone: string
}) {
  return (
    <g>
      <SideText x={plot.x - 8} y={y}>
        {name}
      </SideText>
      {marks.map(({ x, labelX, text }) => (
        <g key={x}>
          {labelX === null ? null : (
            <text x={labelX} y={y - 12} textAnchor="middle" className={`text-fine ${tone}`}>
              {text}
            </text>
          )}
          <Mark x={x} y={y} />
        </g>
      ))}
    </g>
  )
}

function SideText({ x, y, children }: { x: number; y: number; children: string }) {
  return (
    <text x={x} y={y} textAnchor="end" className="fill-ink-2 text-fine">
      {children}
    </text>
  )
}
