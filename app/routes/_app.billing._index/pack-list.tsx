import { Form } from '@remix-run/react'
import { Button } from '#app/components/button.tsx'
import { Table, Td, Th } from '#app/components/table.tsx'
import { useSubmitting } from '#app/components/use-submitting.ts'

export interface PackView {
  id: string
  credits: string
  price: string
  unitPrice: string
}

/** Packs with a button each; the one that a link asked for is the green one. */
export function PackList({ packs, chosen, nonce }: { packs: PackView[]; chosen: string | null; nonce: string }) {
  return (
    <div className="max-w-text">
      <Table labelledBy="packs" stacks>
        <thead>
          <tr>
            <Th numeric>Credits</Th>
            <Th numeric>Price</Th>
            <Th numeric>100 credits cost</Th>
            <Th>
              <span className="sr-only">Buy</span>
            </Th>
          </tr>
        </thead>
        <tbody>
          {packs.map((pack) => (
            <PackRow key={pack.id} pack={pack} isChosen={pack.id === chosen} nonce={`${nonce}-${pack.id}`} />
          ))}
        </tbody>
      </Table>
    </div>
  )
}

function PackRow({ pack, isChosen, nonce }: { pack: PackView; isChosen: boolean; nonce: string }) {
  const busy = useSubmitting({ intent: 'pack', pack: pack.id }, '/billing')
  return (
    <tr className="control-row">
      <Th scope="row" numeric place="first">
        {pack.credits} <span className="sm:sr-only">credits</span>
      </Th>
      <Td numeric place="second">
        {pack.price}
      </Td>
      <Td numeric place="wide-only">
        {pack.unitPrice}
      </Td>
      <Td place="whole">
        <Form method="post" action="/billing">
          <input type="hidden" name="intent" value="pack" />
          <input type="hidden" name="pack" value={pack.id} />
          <input type="hidden" name="nonce" value={nonce} />
          <Button kind={isChosen ? 'green' : 'outline'} busy={busy} className="w-full">
            Buy for {pack.price}
            <span className="sr-only">, {pack.credits} credits</span>
          </Button>
        </Form>
      </Td>
    </tr>
  )
}
