import { Form } from '@remix-run/react'
import type { Interval } from '#app/billing/plans.ts'
import { Badge } from '#app/components/badge.tsx'
import { Button, ButtonLink } from '#app/components/button.tsx'
import { useSubmitting } from '#app/components/use-submitting.ts'
import { withSearch } from '#app/with-search.ts'
import type { PlanOffer } from './offers.server.ts'

interface CurrentPlan {
  plan: string
  interval: Interval | null
  isLive: boolean
}

export interface PlanActionProps {
  offer: PlanOffer
  interval: Interval
  /** Null for a visitor. */
  current: CurrentPlan | null
  /** Its button is green. */
  isMain: boolean
  /** Where to go after the purchase, as the address says. */
  redirectTo: string | null
  nonce: string
}

/** The button of a plan: sign up, pay or change to it; for the user's own plan it says so. */
export function PlanAction({ offer, interval, current, isMain, redirectTo, nonce }: PlanActionProps) {
  const busy = useSubmitting({ plan: offer.name }, '/pricing')
  const isOwn = current?.plan === offer.name && (offer.isFree || current.interval === interval)
  if (current && isOwn && (offer.isFree || current.isLive)) {
    return (
      <p className="flex min-h-(--size-control) items-center">
        <Badge tone="green">Your plan</Badge>
      </p>
    )
  }
  if (offer.isFree) {
    return current ? (
      <p className="min-h-(--size-control) text-table text-ink-2">You return to Free when your plan ends.</p>
    ) : (
      <ButtonLink to="/signup" kind="outline">
        Start free
      </ButtonLink>
    )
  }
  if (current?.isLive) {
    const to = withSearch('/billing/change', { plan: offer.name, interval, redirectTo })
    const label =
      current.plan === offer.name ? `Pay ${interval === 'year' ? 'yearly' : 'monthly'}` : `Change to ${offer.name}`
    return (
      <ButtonLink to={to} kind="outline">
        {label}
      </ButtonLink>
    )
  }
  const label = offer.trialDays ? `Try ${offer.name} free for ${offer.trialDays} days` : `Get ${offer.name}`
  return (
    <Form method="post" action="/pricing">
      <input type="hidden" name="plan" value={offer.name} />
      <input type="hidden" name="interval" value={interval} />
      {redirectTo ? <input type="hidden" name="redirectTo" value={redirectTo} /> : null}
      <input type="hidden" name="nonce" value={nonce} />
      <Button kind={isMain ? 'green' : 'outline'} busy={busy} className="w-full">
        {label}
      </Button>
    </Form>
  )
}
