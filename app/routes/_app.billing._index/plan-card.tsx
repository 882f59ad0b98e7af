import { Form } from '@remix-run/react'
import { Badge } from '#app/components/badge.tsx'
import { Button, ButtonLink } from '#app/components/button.tsx'
import { Denomination, Note, NoteFace, NoteStub, StubList } from '#app/components/note.tsx'
import { RadioCards } from '#app/components/radio-cards.tsx'
import { TextLink } from '#app/components/text-link.tsx'
import type { PlanView } from './plan-view.ts'

/** The plan and its status; on the stub, what happens next. */
export function PlanCard({ plan }: { plan: PlanView }) {
  return (
    <Note className="plan-note sm:col-span-2 lg:col-span-1" aria-labelledby="plan">
      <NoteFace>
        <div className="flex flex-wrap items-center gap-3">
          <h2 id="plan">{plan.name}</h2>
          {plan.badge ? <Badge tone={plan.badge.tone}>{plan.badge.text}</Badge> : null}
        </div>
        <p className="mt-2">
          <Denomination size="small">{plan.credits}</Denomination> {plan.creditsUnit}
        </p>
        {plan.isLive ? null : (
          <p className="mt-4">
            <ButtonLink to="/pricing">See plans</ButtonLink>
          </p>
        )}
      </NoteFace>
      <NoteStub>
        <StubList rows={plan.stub} />
      </NoteStub>
    </Note>
  )
}

/** Chooses another plan. The next page shows the cost, before anything happens. */
export function ChangePlan({ plan }: { plan: PlanView }) {
  return (
    <Form method="get" action="/billing/change" className="grid max-w-text gap-4">
      <RadioCards legend="Plan" hidesLegend name="plan" cards={plan.choices} defaultValue={plan.name} />
      <div className="flex flex-wrap items-center gap-4">
        <fieldset className="segments">
          <legend className="sr-only">Billing period</legend>
          <Interval value="month" label="Monthly" chosen={plan.interval} />
          <Interval value="year" label="Yearly" chosen={plan.interval} />
        </fieldset>
        <Button>Review change</Button>
      </div>
    </Form>
  )
}

function Interval({ value, label, chosen }: { value: string; label: string; chosen: string | null }) {
  return (
    <label className="segment">
      <input type="radio" name="interval" value={value} defaultChecked={value === chosen} required />
      {label}
    </label>
  )
}

/** Quiet and at the very end, but never hidden. */
export function CancelLink({ plan }: { plan: string }) {
  return (
    <p>
      <TextLink to="/billing/cancel">Cancel {plan}</TextLink>
    </p>
  )
}
