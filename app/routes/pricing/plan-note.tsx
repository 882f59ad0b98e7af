import { Form } from '@remix-run/react'
import { Check, Minus } from 'lucide-react'
import type { Interval } from '#app/billing/plans.ts'
import { Badge } from '#app/components/badge.tsx'
import { Button, ButtonLink } from '#app/components/button.tsx'
import { classNames } from '#app/components/class-names.ts'
import { Denomination, Note, NoteFace, NoteStub } from '#app/components/note.tsx'
import { useSubmitting } from '#app/components/use-submitting.ts'
import type { OfferLine, PlanOffer, PriceView } from './offers.server.ts'

export interface CurrentPlan {
  plan: string
  interval: Interval | null
  isLive: boolean
}

/** A plan as a note: the credits of a month on its face, the price and the button on its stub. */
export function PlanNote({
  offer,
  interval,
  current,
  isChosen,
  redirectTo,
  nonce,
}: {
  offer: PlanOffer
  interval: Interval
  current: CurrentPlan | null
  isChosen: boolean
  /** Where the purchase is to lead, as the address says. */
  redirectTo: string | null
  nonce: string
}) {
  const id = `plan-${offer.name}`
  return (
    <Note as="li" aria-labelledby={id} className="grid-rows-[1fr_auto]">
      <NoteFace>
        <h2 id={id}>{offer.name}</h2>
        <p className="mt-1 text-ink-2">{offer.summary}</p>
        <p className="mt-4">
          <Denomination size="small">{offer.credits}</Denomination> credits a month
        </p>
        <ul className="mt-4 grid gap-2 text-table">
          {offer.lines.map((line) => (
            <Line key={line.text} {...line} />
          ))}
        </ul>
      </NoteFace>
      <NoteStub className="grid gap-4">
        <div className="swap">
          <PriceText price={offer.prices.month} shown={interval === 'month'} />
          <PriceText price={offer.prices.year} shown={interval === 'year'} />
        </div>
        <PlanAction
          offer={offer}
          interval={interval}
          current={current}
          isChosen={isChosen}
          redirectTo={redirectTo}
          nonce={nonce}
        />
      </NoteStub>
    </Note>
  )
}

function Line({ text, isIncluded }: OfferLine) {
  const Mark = isIncluded ? Check : Minus
  return (
    <li className={classNames('flex gap-2', !isIncluded && 'text-ink-2')}>
      <Mark aria-hidden size={16} strokeWidth={1.75} className="mt-[2px] flex-none text-ink-3" />
      {text}
    </li>
  )
}

/** Both prices are in the page and share one place, so that changing over moves nothing. */
function PriceText({ price, shown }: { price: PriceView; shown: boolean }) {
  return (
    <div className={classNames(!shown && 'invisible')}>
      <p>
        <span className="text-h2 font-semibold">{price.amount}</span> {price.per}
      </p>
      <p className="text-ink-2">{price.note}</p>
      <p className="mt-2 font-medium">{price.credits}</p>
      <p className="text-ink-2">{price.unitPrice}</p>
    </div>
  )
}

function PlanAction({
  offer,
  interval,
  current,
  isChosen,
  redirectTo,
  nonce,
}: {
  offer: PlanOffer
  interval: Interval
  current: CurrentPlan | null
  isChosen: boolean
  /** Where the purchase is to lead, as the address says. */
  redirectTo: string | null
  nonce: string
}) {
  const busy = useSubmitting({ plan: offer.name }, '/pricing')
  if (current?.isLive) {
    const isCurrent = current.plan === offer.name && current.interval === interval
    if (isCurrent) {
      return (
        <p className="flex min-h-(--size-control) items-center">
          <Badge tone="green">Your plan</Badge>
        </p>
      )
    }
    const search = new URLSearchParams({ plan: offer.name, interval, ...(redirectTo && { redirectTo }) }).toString()
    const label =
      current.plan === offer.name ? `Pay ${interval === 'year' ? 'yearly' : 'monthly'}` : `Change to ${offer.name}`
    return (
      <ButtonLink to={`/billing/change?${search}`} kind="outline">
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
      <Button kind={isChosen ? 'green' : 'ink'} busy={busy} className="w-full">
        {label}
      </Button>
    </Form>
  )
}
