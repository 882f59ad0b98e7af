import { Credits, Time } from '#app/components/amounts.tsx'
import { EntryDetail } from '#app/components/entry-detail.tsx'
import { Table, TableHead, Td } from '#app/components/table.tsx'
import type { GrantHistoryView } from './history-view.server.ts'

/** The entries that changed a grant, and by how much; each unfolds as in the ledger. */
export function GrantLines({ lines, labelledBy }: { lines: GrantHistoryView['lines']; labelledBy: string }) {
  return (
    <Table labelledBy={labelledBy} stacks>
      <TableHead columns={['Entry', 'When', { numeric: 'Credits' }]} />
      <tbody>
        {lines.map((line) => (
          <tr key={line.id}>
            <Td place="first">
              <EntryDetail title={line.title} rows={line.detail} />
            </Td>
            <Td place="meta">
              <Time at={line.at}>{line.when}</Time>
            </Td>
            <Td numeric place="second">
              <Credits value={line.credits} signed />
            </Td>
          </tr>
        ))}
      </tbody>
    </Table>
  )
}
