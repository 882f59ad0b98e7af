import { type SubmissionResult, useForm } from '@conform-to/react'
import { useEffect, useMemo, useRef } from 'react'

/** What an action answers to a form: see form-failure.server.ts. */
export interface FormAnswer {
  result: SubmissionResult
  saved: boolean
}

/**
 * A form that the server checks: it works without JavaScript, and the rules are not sent to the browser.
 * @param answer of the last attempt
 * @param defaults what the fields hold at first
 * @returns the properties of the form and of each field, and the errors for the summary on top
 */
export function useServerForm<Names extends string>(
  id: string,
  answer: FormAnswer | undefined,
  defaults: Partial<Record<Names, string>> = {},
) {
  const [form, fields] = useForm<Record<string, string>>({ id, lastResult: answer?.result, defaultValue: defaults })
  // From the answer itself: conform keeps the last errors when an attempt that succeeds leads to the page anew.
  const problems = answer?.result.error
  const errors = useMemo(
    () =>
      Object.entries(problems ?? {}).flatMap(([field, messages]) =>
        (messages ?? []).map((message) => ({ field: field || null, message })),
      ),
    [problems],
  )
  const hadAnswer = useRef(false)
  useEffect(() => {
    // What was typed for an attempt that is over does not stay either.
    if (!answer && hadAnswer.current) document.forms.namedItem(id)?.reset()
    hadAnswer.current = Boolean(answer)
  })
  return {
    form: { id: form.id, onSubmit: form.onSubmit, noValidate: form.noValidate },
    /** What was typed before, and what is wrong with it. */
    field: (name: Names) => ({ name, defaultValue: fields[name]?.initialValue, error: problems?.[name] ?? undefined }),
    errors,
  }
}
