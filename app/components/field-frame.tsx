import { CircleAlert } from 'lucide-react'
import type { ReactNode } from 'react'

export interface FieldTexts {
  label: ReactNode
  /** One sentence under the label. */
  hint?: ReactNode
  error?: string | string[] | null
  /** Marks the field "(optional)"; a required one carries no mark. */
  optional?: boolean
}

/** The attributes that tie a control to its label, hint and error. */
interface ControlIds {
  id: string
  'aria-describedby': string | undefined
  'aria-invalid': true | undefined
}

/** A label, a hint, a control and the space for an error, tied together. */
export function FieldFrame({
  id,
  label,
  hint,
  error,
  optional,
  className,
  children,
}: FieldTexts & { id: string; className?: string; children: (ids: ControlIds) => ReactNode }) {
  const message = firstOf(error)
  const describedBy = [hint ? `${id}-hint` : '', message ? `${id}-error` : ''].filter(Boolean).join(' ')
  return (
    <div className={className ? `field ${className}` : 'field'}>
      <label className="field-label" htmlFor={id} id={`${id}-label`}>
        {label}
        {optional ? <span className="font-normal text-ink-2"> (optional)</span> : null}
      </label>
      {hint ? (
        <p className="field-hint" id={`${id}-hint`}>
          {hint}
        </p>
      ) : null}
      {children({ id, 'aria-describedby': describedBy || undefined, 'aria-invalid': message ? true : undefined })}
      <FieldError id={id} message={message} />
    </div>
  )
}

function FieldError({ id, message }: { id: string; message: string | null }) {
  return (
    <div className="field-error" id={`${id}-error`}>
      {message ? (
        <>
          <CircleAlert aria-hidden size={16} strokeWidth={1.75} />
          <span>{message}</span>
        </>
      ) : null}
    </div>
  )
}

export function firstOf(error: string | string[] | null | undefined): string | null {
  return (Array.isArray(error) ? error[0] : error) ?? null
}
