import { Link } from '@remix-run/react'
import type { PackWords } from '#app/billing/catalog/pack-offers.ts'

/** To where the pack is bought, by way of an account for whoever has none. */
export function PackLink({ pack, signedIn }: { pack: PackWords; signedIn: boolean }) {
  const place = `/billing?${new URLSearchParams({ pack: pack.id }).toString()}`
  return (
    <Link className="link" to={signedIn ? place : `/signup?${new URLSearchParams({ redirectTo: place }).toString()}`}>
      Buy {pack.credits} credits
    </Link>
  )
}
