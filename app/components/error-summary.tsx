import { type MouseEvent, useEffect, useRef } from 'react'

interface SummaryError {
  /** The id of the control, which is its name unless the page says otherwise. */
  field?: string | null
  message: string
}

const PREFIX = 'Error: '

/** The errors of a form, at its top. It takes the focus when it appears, and each line links to its field. */
export function ErrorSummary({ errors }: { errors: SummaryError[] }) {
  const summary = useRef<HTMLDivElement>(null)

  useEffect(() => {
    if (errors.length === 0) return
    summary.current?.focus()
    if (!document.title.startsWith(PREFIX)) document.title = PREFIX + document.title
    return () => {
      if (document.title.startsWith(PREFIX)) document.title = document.title.slice(PREFIX.length)
    }
  }, [errors])

  if (errors.length === 0) return null
  return (
    <div ref={summary} tabIndex={-1} className="rounded-sheet border-l-4 border-debt bg-debt-wash p-4 text-debt-ink">
      {/* The alert is an inner element, so that being focused and being announced do not race. */}
      <div role="alert">
        <h2 className="font-text text-lead">
          {errors.length === 1 ? 'There is a problem' : `There are ${errors.length} problems`}
        </h2>
        <ul className="mt-1 grid gap-1">
          {errors.map(({ field, message }) => (
            <li key={`${field ?? ''}${message}`}>
              {field ? (
                <a className="link" href={`#${field}`} onClick={(event) => goToField(event, field)}>
                  {message}
                </a>
              ) : (
                message
              )}
            </li>
          ))}
        </ul>
      </div>
    </div>
  )
}

/** Scrolls to the label, not just to the control: a field without its question means nothing. */
function goToField(event: MouseEvent, field: string): void {
  const control = document.getElementById(field)
  if (!control) return
  event.preventDefault()
  ;(document.getElementById(`${field}-label`) ?? control).scrollIntoView()
  control.focus({ preventScroll: true })
}
