import type { PackWords } from '#app/billing/catalog/pack-offers.ts'
import { TextLink } from '#app/components/text-link.tsx'
import { withSearch } from '#app/with-search.ts'

/** Links to where the pack is bought; visitors sign up first. */
export function PackLink({ pack, signedIn }: { pack: PackWords; signedIn: boolean }) {
  const place = withSearch('/billing', { pack: pack.id })
  return (
    <TextLink to={signedIn ? place : withSearch('/signup', { redirectTo: place })}>Buy {pack.credits} credits</TextLink>
  )
}
