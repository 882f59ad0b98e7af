import type { ReactNode } from 'react'
import { Credits } from './amounts.tsx'
import { Table, TableHead, Td, Th } from './table.tsx'

interface LedgerLine {
  id: string
  /** What happened: "QR code", "Plan credits". */
  title: ReactNode
  /** Where it comes from, in gray. */
  source?: ReactNode
  /** Signed; 0 for entries that only reserve or release. */
  credits: number
  /** The balance after it, where the server can state it exactly. */
  balance?: number | null
  /** What unfolds: time, grants, key. */
  detail?: ReactNode
}

export interface LedgerDay {
  /** ISO date, also the key. */
  date: string
  /** "Tue 21 Apr" */
  label: string
  sum: number
  lines: LedgerLine[]
}

/** A day as a loader sends it: texts and numbers only. */
export interface PlainLedgerDay extends Omit<LedgerDay, 'lines'> {
  lines: { id: string; title: string; source: string; credits: number; balance: number | null }[]
}

/** The ledger by day: each day has its date on the left and its sum on the right. */
export function Ledger({
  days,
  labelledBy,
  caption,
  sticky = false,
  busy = false,
}: {
  days: LedgerDay[]
  labelledBy?: string
  caption?: string
  sticky?: boolean
  busy?: boolean
}) {
  const hasBalance = days.some((day) => day.lines.some((line) => line.balance !== undefined && line.balance !== null))
  const hasSource = days.some((day) => day.lines.some((line) => line.source))
  const width = 2 + Number(hasSource)
  return (
    <Table labelledBy={labelledBy} caption={caption} stacks sticky={sticky} busy={busy}>
      <TableHead
        columns={[
          'Entry',
          ...(hasSource ? ['Source'] : []),
          { numeric: 'Credits' },
          ...(hasBalance ? [{ numeric: 'Balance after' }] : []),
        ]}
      />
      {days.map((day, index) => (
        <tbody key={day.date} data-band={index % 2 === 1 || undefined}>
          <tr className="day-row">
            <Th scope="rowgroup" colSpan={width - 1} place="first">
              <time dateTime={day.date}>{day.label}</time>
            </Th>
            <Td numeric place="second">
              <Credits value={day.sum} signed />
            </Td>
            {hasBalance ? <Td place="wide-only" /> : null}
          </tr>
          {day.lines.map((line) => (
            <tr key={line.id}>
              <Td place="first">
                {line.title}
                {line.detail}
              </Td>
              {hasSource ? <Td place="meta">{line.source}</Td> : null}
              <Td numeric place="second">
                <Credits value={line.credits} signed />
              </Td>
              {hasBalance ? (
                <Td numeric place="wide-only">
                  {typeof line.balance === 'number' ? <Credits value={line.balance} /> : null}
                </Td>
              ) : null}
            </tr>
          ))}
        </tbody>
      ))}
    </Table>
  )
}
