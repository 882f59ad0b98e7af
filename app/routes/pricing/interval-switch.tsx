import { Form, useSubmit } from '@remix-run/react'
import type { Interval } from '#app/billing/plans.ts'

/** Monthly or yearly: a form that reloads the page, with JavaScript by itself. */
export function IntervalSwitch({
  interval,
  plan,
  redirectTo,
  saving,
}: {
  interval: Interval
  plan: string | null
  /** Where to go after the purchase, as the address says. */
  redirectTo: string | null
  saving: string | null
}) {
  const submit = useSubmit()
  return (
    <Form
      method="get"
      action="/pricing"
      className="flex flex-wrap items-center gap-4"
      onChange={(event) => submit(event.currentTarget, { replace: true, preventScrollReset: true })}
    >
      {plan ? <input type="hidden" name="plan" value={plan} /> : null}
      {redirectTo ? <input type="hidden" name="redirectTo" value={redirectTo} /> : null}
      <fieldset className="segments">
        <legend className="sr-only">Billing period</legend>
        <Segment value="month" label="Monthly" checked={interval === 'month'} />
        <Segment value="year" label={saving ? `Yearly, ${saving}` : 'Yearly'} checked={interval === 'year'} />
      </fieldset>
      <noscript>
        <button className="button" data-kind="outline">
          Show these prices
        </button>
      </noscript>
    </Form>
  )
}

function Segment({ value, label, checked }: { value: Interval; label: string; checked: boolean }) {
  return (
    <label className="segment">
      <input type="radio" name="interval" value={value} defaultChecked={checked} />
      {label}
    </label>
  )
}
