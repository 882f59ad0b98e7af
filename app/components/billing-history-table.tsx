import type { HistoryRow } from '#app/plan-status/history-rows.ts'
import { Credits, Time } from './amounts.tsx'
import { Badge } from './badge.tsx'
import { EmptyState } from './empty-state.tsx'
import { PaperLink } from './paper-link.tsx'
import { Table, TableHead, Td } from './table.tsx'

/** What is due and what was paid, newest first. */
export function BillingHistoryTable({
  rows,
  labelledBy,
  hasPlan,
}: {
  rows: HistoryRow[]
  labelledBy: string
  /** A customer with a plan sees no link to the plans. */
  hasPlan: boolean
}) {
  if (rows.length === 0) {
    return (
      <EmptyState next={hasPlan ? null : { label: 'See plans', to: '/pricing' }}>
        No payments yet. Your first invoice will appear here.
      </EmptyState>
    )
  }
  return (
    <Table labelledBy={labelledBy} stacks>
      <TableHead columns={['Date', 'Plan', 'Status', { numeric: 'Amount' }, { numeric: 'Credits' }, 'Invoice']} />
      <tbody>
        {rows.map((row) => (
          <tr key={row.id}>
            <Td place="part">
              <Time at={row.at}>{row.date}</Time>
            </Td>
            <Td place="first">{row.what}</Td>
            <Td place="part">
              <Badge tone={row.status.tone}>{row.status.text}</Badge>
              {row.note ? <span className="block text-ink-2">{row.note}</span> : null}
            </Td>
            <Td numeric place="second">
              {row.paid}
            </Td>
            <Td numeric place="meta">
              {row.credits === null ? null : (
                <>
                  <Credits value={row.credits} signed />
                  <span className="sm:hidden" aria-hidden>
                    {' '}
                    credits
                  </span>
                </>
              )}
            </Td>
            <Td place="meta">
              {row.invoice ? (
                <PaperLink name={row.invoice.name} of={row.date} href={row.invoice.url} />
              ) : (
                <span className="text-ink-3">None</span>
              )}
            </Td>
          </tr>
        ))}
      </tbody>
    </Table>
  )
}
