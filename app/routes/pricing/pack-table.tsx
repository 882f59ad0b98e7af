import { Link } from '@remix-run/react'
import { Table, Td, Th } from '#app/components/table.tsx'
import type { PackOffer } from './offers.server.ts'

export function PackTable({ packs, signedIn }: { packs: PackOffer[]; signedIn: boolean }) {
  return (
    <div className="max-w-text">
      <Table labelledBy="packs" stacks>
        <thead>
          <tr>
            <Th numeric>Credits</Th>
            <Th numeric>Price</Th>
            <Th numeric>100 credits cost</Th>
            <Th>Buy</Th>
          </tr>
        </thead>
        <tbody>
          {packs.map((pack) => (
            <tr key={pack.id}>
              <Th scope="row" numeric place="first">
                {pack.credits} <span className="sm:sr-only">credits</span>
              </Th>
              <Td numeric place="second">
                {pack.price}
              </Td>
              <Td numeric place="wide-only">
                {pack.unitPrice}
              </Td>
              <Td place="meta">
                <Link
                  className="link"
                  to={signedIn ? `/billing?pack=${pack.id}` : `/signup?redirectTo=/billing?pack=${pack.id}`}
                >
                  Buy {pack.credits} credits
                </Link>
              </Td>
            </tr>
          ))}
        </tbody>
      </Table>
    </div>
  )
}
