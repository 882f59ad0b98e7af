import { Link } from '@remix-run/react'
import { PaperLink } from '#app/components/paper-link.tsx'
import { Table, TableHead, Td, Th } from '#app/components/table.tsx'
import type { Arrival } from './arrivals.server.ts'

/** All credits ever added, newest first. */
export function ArrivalTable({ arrivals }: { arrivals: Arrival[] }) {
  return (
    <Table caption="All credits, newest first" stacks>
      <TableHead columns={['Source', 'Paid', 'Expiry', { numeric: 'Added' }, { numeric: 'Left' }]} />
      <tbody>
        {arrivals.map(({ id, href, name, paid, paper, expires, credits, left, isToCome }) => (
          <tr key={id}>
            <Th scope="row" place="first">
              <Link className="inline-block link max-sm:min-h-6" to={href}>
                {name}
              </Link>
            </Th>
            <Td place="meta">
              <span className="flex flex-wrap items-center gap-x-4">
                {paid}
                {paper ? <PaperLink name={paper.name} of={name} href={paper.url} /> : null}
              </span>
            </Td>
            <Td place="wide-only">{expires}</Td>
            <Td numeric place="second">
              <span className="text-credit">{credits}</span>
            </Td>
            <Td numeric place="meta">
              {left}
              {isToCome ? ' upcoming' : null}
              <span className="sm:hidden">{isToCome ? null : ' left'}</span>
            </Td>
          </tr>
        ))}
      </tbody>
    </Table>
  )
}
