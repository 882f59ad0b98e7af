import { Form } from '@remix-run/react'
import { Button } from '#app/components/button.tsx'
import type { PackWords } from '#app/billing/catalog/pack-offers.ts'
import { useSubmitting } from '#app/components/use-submitting.ts'

/** The button of a pack; green for the pack that a link chose. */
export function BuyPack({ pack, isChosen, nonce }: { pack: PackWords; isChosen: boolean; nonce: string }) {
  const busy = useSubmitting({ intent: 'pack', pack: pack.id }, '/billing')
  return (
    <Form method="post" action="/billing">
      <input type="hidden" name="intent" value="pack" />
      <input type="hidden" name="pack" value={pack.id} />
      <input type="hidden" name="nonce" value={nonce} />
      <Button kind={isChosen ? 'green' : 'outline'} busy={busy} className="w-full whitespace-nowrap">
        Buy for {pack.price}
        <span className="sr-only">, {pack.credits} credits</span>
      </Button>
    </Form>
  )
}
