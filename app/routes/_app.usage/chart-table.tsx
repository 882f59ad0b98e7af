import { Credits } from '#app/components/amounts.tsx'
import { Table, Td, Th } from '#app/components/table.tsx'
import type { ChartView } from '#app/usage/chart-view.server.ts'

/** The chart's figures, for users who cannot see it or want exact numbers. */
export function ChartTable({ view }: { view: ChartView }) {
  // With one action, its column would repeat what was spent.
  const columns = view.series.length > 1 ? view.series : []
  return (
    <Table caption={view.title}>
      <thead>
        <tr>
          <Th>Day</Th>
          {columns.map(({ name }) => (
            <Th key={name} numeric>
              {name}
            </Th>
          ))}
          <Th numeric>Spent</Th>
          <Th numeric>Added</Th>
          <Th numeric>Removed</Th>
        </tr>
      </thead>
      <tbody>
        {view.bars.map(({ from, label, parts, spent, granted, removed }) => (
          <tr key={from}>
            <Th scope="row">
              <span className="whitespace-nowrap">{label}</span>
            </Th>
            {columns.map(({ name }, place) => (
              <Td key={name} numeric>
                <Credits value={parts[place] ?? 0} />
              </Td>
            ))}
            <Td numeric>
              <Credits value={spent} />
            </Td>
            <Td numeric>
              <Credits value={granted} />
            </Td>
            <Td numeric>
              <Credits value={removed} />
            </Td>
          </tr>
        ))}
      </tbody>
    </Table>
  )
}
