import { useSearchParams } from '@remix-run/react'
import type { PackWords } from '#app/billing/catalog/pack-offers.ts'
import { Banner } from '#app/components/banner.tsx'
import { PackTable } from '#app/components/pack-table.tsx'
import { Section } from '#app/components/page.tsx'
import { BillingButton } from '#app/components/standing-notices.tsx'
import { TextLink } from '#app/components/text-link.tsx'
import { BuyPack } from './buy-pack.tsx'

/** Credits that are bought once; `warning` is shown before they are paid for. */
export function Packs({
  packs,
  warning,
  nonce,
}: {
  packs: PackWords[]
  warning: { text: string; isRefused: boolean } | null
  nonce: string
}) {
  const chosen = useSearchParams()[0].get('pack')
  return (
    <Section
      id="packs"
      title="Credit packs"
      lead="Bought once. They do not renew and do not expire."
      aside={<TextLink to="/billing/top-up">Buy automatically</TextLink>}
    >
      {warning ? (
        <Banner
          tone="ochre"
          action={warning.isRefused ? undefined : <BillingButton intent="update-card">Update card</BillingButton>}
        >
          {warning.text}
        </Banner>
      ) : null}
      {warning?.isRefused ? null : (
        <PackTable
          packs={packs}
          hasButtons
          buy={(pack) => <BuyPack pack={pack} isChosen={pack.id === chosen} nonce={`${nonce}-${pack.id}`} />}
        />
      )}
    </Section>
  )
}
