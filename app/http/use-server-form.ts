import { type SubmissionResult, useForm } from '@conform-to/react'
import { useEffect, useMemo, useRef } from 'react'

/** The answer of an action to a form: see form-failure.server.ts. */
export interface FormAnswer {
  result: SubmissionResult
  saved: boolean
}

/**
 * A form that the server checks: it works without JavaScript, and the rules are not sent to the browser.
 * @param answer to the last attempt
 * @param defaults what the fields contain at first
 * @returns the properties of the form and of each field, and the errors for the summary on top
 */
export function useServerForm<Names extends string>(
  id: string,
  answer: FormAnswer | undefined,
  defaults: Partial<Record<Names, string>> = {},
) {
  const [form, fields] = useForm<Record<string, string>>({ id, lastResult: answer?.result, defaultValue: defaults })
  // From the answer itself: conform keeps the last errors when a successful attempt leads to the same page.
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
    // Nor does what was typed for that attempt stay.
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
