import type { PackWords } from '#app/billing/catalog/pack-offers.ts'
import { TextLink } from '#app/components/text-link.tsx'

/** Links to where the pack is bought; visitors sign up first. */
export function PackLink({ pack, signedIn }: { pack: PackWords; signedIn: boolean }) {
  const place = `/billing?${new URLSearchParams({ pack: pack.id }).toString()}`
  return (
    <TextLink to={signedIn ? place : `/signup?${new URLSearchParams({ redirectTo: place }).toString()}`}>
      Buy {pack.credits} credits
    </TextLink>
  )
}
