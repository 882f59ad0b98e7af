import { Form, useFetcher } from '@remix-run/react'
import { useEffect, useRef } from 'react'
import type { ActionPage } from '#app/actions/action-page.server.ts'
import type { FormAnswer } from '#app/actions/form-answer.server.ts'
import { Button, ButtonLink } from '#app/components/button.tsx'
import { ErrorSummary } from '#app/components/error-summary.tsx'
import { useShownBusy } from '#app/components/use-shown-busy.ts'
import { useSubmitting } from '#app/components/use-submitting.ts'
import { TextLink } from '#app/components/text-link.tsx'
import type { PrimaryAction } from '#app/plan-status/primary-action.ts'
import { ActionFieldControl } from './action-field-control.tsx'

/** How long after the last keystroke the cost is requested again. */
const SETTLE_MS = 400

/** The action's fields on the left, what it will cost on the right. */
export function ActionForm({
  page,
  answer,
  main,
}: {
  page: ActionPage
  answer: FormAnswer | null
  /** What the main button does: it spends, unless something prevents that. */
  main: PrimaryAction
}) {
  // A run changes the balance: the cost from before is dropped and requested again.
  const runState = page.run ? `${page.run.id} ${page.run.status}` : ''
  const fetcher = useFetcher<FormAnswer>({ key: `cost of ${page.id} after ${runState}` })
  const form = useRef<HTMLFormElement>(null)
  const followCost = useFollowedCost(page.isFixedPrice, fetcher.submit)
  useAgainAfter(runState, () => form.current && followCost({ currentTarget: form.current }))
  const busy = useSubmitting({ intent: 'run' })
  const showsBusy = useShownBusy(busy)
  const problems = answer?.kind === 'invalid' ? answer.problems : []
  const followed = fetcher.data?.kind === 'checked' ? fetcher.data.sum : null
  const checked = answer?.kind === 'checked' ? answer.sum : null
  const sum = followed ?? checked ?? page.sum
  return (
    <Form method="post" action={`/actions/${page.id}`} className="grid gap-6" ref={form} onChange={followCost}>
      <ErrorSummary errors={problems} />
      <input type="hidden" name="key" value={answer?.kind === 'unknown' ? answer.key : page.key} />
      <div className="grid items-start gap-8 lg:grid-cols-[minmax(0,1fr)_20rem]">
        <div className="grid gap-6">
          {page.fields.map((field) => (
            <ActionFieldControl
              key={field.name}
              field={field}
              value={answer?.values[field.name]}
              error={problems.find((problem) => problem.field === field.name)?.message ?? null}
            />
          ))}
        </div>
        <div className="grid gap-4 rounded-sheet border border-rule bg-sheet p-6">
          <div aria-live="polite" className="grid gap-1">
            {sum ? (
              <>
                <p className="font-semibold">{sum.line}</p>
                <p className="text-ink-2">{showsBusy ? 'The credits are reserved while this runs.' : sum.after}</p>
              </>
            ) : (
              <p className="text-ink-2">Fill in the form to see what it costs.</p>
            )}
          </div>
          {page.uses ? <p className="text-ink-2">{page.uses}</p> : null}
          {main === 'buy' && !answer ? (
            <ButtonLink to="/billing#packs" kind="green">
              Buy credits
            </ButtonLink>
          ) : null}
          <Button name="intent" value="run" busy={busy} kind={main === 'use' ? 'ink' : 'outline'}>
            {sum?.button ?? 'Spend credits'}
          </Button>
          <noscript>
            <button className="button" data-kind="outline" name="intent" value="check">
              <span className="button-label">Check the cost</span>
            </button>
          </noscript>
          {page.extras.map(({ text, to }) => (
            <p key={to} className="text-table text-ink-2">
              {text} <TextLink to={to}>See plans</TextLink>
            </p>
          ))}
        </div>
      </div>
    </Form>
  )
}

/** Requests the cost a moment after the last change; a fixed price needs no request. */
function useFollowedCost(isFixedPrice: boolean, submit: ReturnType<typeof useFetcher>['submit']) {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])

  return (event: { currentTarget: HTMLFormElement }) => {
    if (isFixedPrice) return
    const form = event.currentTarget
    clearTimeout(timer.current)
    timer.current = setTimeout(() => {
      const values = new FormData(form)
      values.set('intent', 'check')
      submit(values, { method: 'post', action: form.getAttribute('action') ?? undefined })
    }, SETTLE_MS)
  }
}

/** Repeats something each time a run starts or ends while the page is open. */
function useAgainAfter(runState: string, again: () => void) {
  const seen = useRef(runState)
  useEffect(() => {
    if (seen.current === runState) return
    seen.current = runState
    again()
  })
}
