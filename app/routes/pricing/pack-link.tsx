import type { PackWords } from '#app/billing/catalog/pack-offers.ts'
import { TextLink } from '#app/components/text-link.tsx'

/** To where the pack is bought, by way of an account for whoever has none. */
export function PackLink({ pack, signedIn }: { pack: PackWords; signedIn: boolean }) {
  const place = `/billing?${new URLSearchParams({ pack: pack.id }).toString()}`
  return (
    <TextLink to={signedIn ? place : `/signup?${new URLSearchParams({ redirectTo: place }).toString()}`}>
      Buy {pack.credits} credits
    </TextLink>
  )
}
