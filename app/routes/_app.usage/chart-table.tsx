import { Credits } from '#app/components/amounts.tsx'
import { Table, TableHead, Td, Th } from '#app/components/table.tsx'
import type { ChartView } from '#app/usage/chart-view.server.ts'

/** The chart's figures, for users who cannot see it or want exact numbers. */
export function ChartTable({ view }: { view: ChartView }) {
  // With one action, its column would repeat what was spent.
  const columns = view.series.length > 1 ? view.series : []
  return (
    <Table caption={view.title}>
      <TableHead
        columns={[
          'Day',
          ...[...columns.map(({ name }) => name), 'Spent', 'Added', 'Removed'].map((numeric) => ({ numeric })),
        ]}
      />
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
