import { Table, Td, Th } from '#app/components/table.tsx'
import { Credits } from '#app/components/amounts.tsx'
import type { ChartView, DrawingView } from '#app/usage/chart-view.server.ts'
import { useChartReadout } from './use-chart-readout.ts'

/** What came and went, drawn on the server: granted upward, spent downward, lost below it with a hatch. */
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
          {/* No wider than it was drawn: its texts would grow with it. */}
          <div {...handlers} className="max-w-[45rem]">
            <ChartDrawing drawing={view.wide} view={view} id="wide" className="hidden sm:block" />
            <ChartDrawing drawing={view.narrow} view={view} id="narrow" className="sm:hidden" />
          </div>
        </div>
        <Legend />
      </div>
      <details>
        <summary className="cursor-pointer py-1 text-table">Show as a table</summary>
        <div className="mt-2">
          <Table caption={view.title}>
            <thead>
              <tr>
                <Th>Day</Th>
                <Th numeric>Granted</Th>
                <Th numeric>Spent</Th>
                <Th numeric>Lost</Th>
              </tr>
            </thead>
            <tbody>
              {view.bars.map(({ from, label, granted, spent, lost }) => (
                <tr key={from}>
                  <Th scope="row">
                    <span className="whitespace-nowrap">{label}</span>
                  </Th>
                  <Td numeric>
                    <Credits value={granted} />
                  </Td>
                  <Td numeric>
                    <Credits value={spent} />
                  </Td>
                  <Td numeric>
                    <Credits value={lost} />
                  </Td>
                </tr>
              ))}
            </tbody>
          </Table>
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
  const { width, height, plot, zeroY, rules, bars, labels } = drawing
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
      <defs>
        <pattern id={`hatch-${id}`} width="4" height="4" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <rect width="1.5" height="4" className="fill-ink-2" />
        </pattern>
      </defs>
      {rules.map(({ value, y, text }) => (
        <g key={value}>
          <line x1={plot.x} x2={plot.x + plot.width} y1={y} y2={y} className="stroke-rule" />
          <AxisText x={plot.x - 8} y={y + 4} end>
            {text}
          </AxisText>
        </g>
      ))}
      {bars.map(({ bar, granted, spent, lost }) => (
        <g key={bar.from}>
          {granted ? <rect {...granted} className="fill-credit" /> : null}
          {spent ? <rect {...spent} className="fill-ink" /> : null}
          {lost ? <rect {...lost} fill={`url(#hatch-${id})`} className="stroke-ink-2" /> : null}
        </g>
      ))}
      <line x1={plot.x} x2={plot.x + plot.width} y1={zeroY} y2={zeroY} className="stroke-ink" />
      <AxisText x={plot.x - 8} y={zeroY + 4} end>
        0
      </AxisText>
      {labels.map(({ x, text, anchor }) => (
        <text key={x} x={x} y={height - 6} textAnchor={anchor} className="fill-ink-2 text-fine">
          {text}
        </text>
      ))}
    </svg>
  )
}

function AxisText({ x, y, end, children }: { x: number; y: number; end?: boolean; children: string }) {
  return (
    <text x={x} y={y} textAnchor={end ? 'end' : 'start'} className="fill-ink-2 text-fine">
      {children}
    </text>
  )
}

/** The colours never stand alone: each has its word here and its direction in the drawing. */
function Legend() {
  return (
    <ul className="flex flex-wrap content-end gap-x-4 gap-y-2 text-fine text-ink-2 lg:flex-col lg:flex-nowrap lg:justify-end">
      <LegendItem name="Granted, upward">
        <rect width="12" height="12" className="fill-credit" />
      </LegendItem>
      <LegendItem name="Spent, downward">
        <rect width="12" height="12" className="fill-ink" />
      </LegendItem>
      <LegendItem name="Lost: expired or taken back">
        <rect x="0.5" y="0.5" width="11" height="11" fill="none" className="stroke-ink-2" />
        <path d="M0 8 L8 0 M4 12 L12 4" className="stroke-ink-2" />
      </LegendItem>
    </ul>
  )
}

function LegendItem({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <li className="flex items-center gap-2">
      <svg width="12" height="12" aria-hidden>
        {children}
      </svg>
      {name}
    </li>
  )
}
