import type { ReactNode } from 'react'
import type { PackWords } from '#app/billing/catalog/pack-offers.ts'
import { Table, Td, Th } from './table.tsx'

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
        <thead>
          <tr>
            <Th numeric>Credits</Th>
            <Th numeric>Price</Th>
            <Th numeric>Per 100 credits</Th>
            <Th>{hasButtons ? <span className="sr-only">Buy</span> : 'Buy'}</Th>
          </tr>
        </thead>
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
