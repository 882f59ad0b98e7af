import { Form } from '@remix-run/react'
import type { ReactNode } from 'react'
import type { useServerForm } from '../http/use-server-form.ts'
import { Button, type ButtonKind } from './button.tsx'
import { classNames } from './class-names.ts'
import { ErrorSummary } from './error-summary.tsx'
import { useSubmitting } from './use-submitting.ts'

/** A form that the server checks: what is wrong on top, then its fields and its button. */
export function ServerForm({
  form,
  errors,
  submit,
  kind,
  hidden = {},
  isWide = false,
  isSaved,
  className,
  children,
}: Pick<ReturnType<typeof useServerForm>, 'form' | 'errors'> & {
  submit: string
  kind?: ButtonKind
  /** Fields that nobody sees; they also tell this form from others on its page. */
  hidden?: Record<string, string>
  /** The button is as wide as the form. */
  isWide?: boolean
  /** Given by forms that stay on their page. */
  isSaved?: boolean
  className?: string
  children?: ReactNode
}) {
  const busy = useSubmitting(hidden)
  const button = (
    <Button kind={kind} busy={busy}>
      {submit}
    </Button>
  )
  return (
    <Form method="post" {...form} className={classNames('grid gap-6', className)}>
      <ErrorSummary errors={errors} />
      {Object.entries(hidden).map(([name, value]) => (
        <input key={name} type="hidden" name={name} value={value} />
      ))}
      {children}
      {isWide ? (
        button
      ) : (
        <div className="flex items-center gap-4">
          {button}
          {/* It goes while the next attempt is sent, so that screen readers read it again. */}
          {isSaved === undefined ? null : <span role="status">{isSaved && !busy ? 'Saved.' : null}</span>}
        </div>
      )}
    </Form>
  )
}
