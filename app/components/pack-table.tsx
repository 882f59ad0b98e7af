import type { ReactNode } from 'react'
import type { PackWords } from '#app/billing/catalog/pack-offers.ts'
import { Table, TableHead, Td, Th } from './table.tsx'

const NUMBERS = [{ numeric: 'Credits' }, { numeric: 'Price' }, { numeric: 'Per 100 credits' }]

/** Packs and their prices; `buy` makes the button or link at the end of a row. */
export function PackTable({
  packs,
  buy,
  hasButtons = false,
}: {
  packs: PackWords[]
  buy: (pack: PackWords) => ReactNode
  hasButtons?: boolean
}) {
  return (
    <div className="max-w-text">
      <Table labelledBy="packs" stacks>
        <TableHead columns={[...NUMBERS, hasButtons ? { hidden: 'Buy' } : 'Buy']} />
        <tbody>
          {packs.map((pack) => (
            <tr key={pack.id} className={hasButtons ? 'control-row' : undefined}>
              <Th scope="row" numeric place="first">
                {pack.credits} <span className="sm:sr-only">credits</span>
              </Th>
              <Td numeric place="second">
                {pack.price}
              </Td>
              <Td numeric place="wide-only">
                {pack.unitPrice}
              </Td>
              <Td place={hasButtons ? 'whole' : 'meta'}>{buy(pack)}</Td>
            </tr>
          ))}
        </tbody>
      </Table>
    </div>
  )
}
