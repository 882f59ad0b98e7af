import type { ComponentPropsWithRef, ReactNode } from 'react'
import { classNames } from './class-names.ts'
import { FieldError, FieldFrame, type FieldTexts, firstOf } from './field-frame.tsx'
import { PasswordInput } from './password-input.tsx'

type Named = { name: string; id?: string; className?: string }

export type FieldProps = FieldTexts & Named & Omit<ComponentPropsWithRef<'input'>, keyof FieldTexts | keyof Named>

/** A one-line input with its label. Its id is its name unless one is given, which error summaries rely on. */
export function Field({ label, hint, error, optional, className, id, ...input }: FieldProps) {
  return (
    <FieldFrame id={id ?? input.name} label={label} hint={hint} error={error} optional={optional} className={className}>
      {(ids) =>
        input.type === 'password' ? (
          <PasswordInput {...input} {...ids} />
        ) : (
          <input className="input" {...input} {...ids} />
        )
      }
    </FieldFrame>
  )
}

export type SelectProps = FieldTexts & Named & Omit<ComponentPropsWithRef<'select'>, keyof FieldTexts | keyof Named>

export function Select({ label, hint, error, optional, className, id, children, ...select }: SelectProps) {
  return (
    <FieldFrame
      id={id ?? select.name}
      label={label}
      hint={hint}
      error={error}
      optional={optional}
      className={className}
    >
      {(ids) => (
        <select className="input" {...select} {...ids}>
          {children}
        </select>
      )}
    </FieldFrame>
  )
}

export type TextAreaProps = FieldTexts & Named & Omit<ComponentPropsWithRef<'textarea'>, keyof FieldTexts | keyof Named>

export function TextArea({ label, hint, error, optional, className, id, ...area }: TextAreaProps) {
  return (
    <FieldFrame id={id ?? area.name} label={label} hint={hint} error={error} optional={optional} className={className}>
      {(ids) => <textarea className="input" {...area} {...ids} />}
    </FieldFrame>
  )
}

export interface CheckboxProps extends Omit<ComponentPropsWithRef<'input'>, 'type' | 'name'> {
  name: string
  label: ReactNode
  hint?: ReactNode
  error?: string | string[] | null
  /** Drawn as a switch; it still applies only when the form is sent. */
  asSwitch?: boolean
}

export function Checkbox({ label, hint, error, asSwitch, className, id = undefined, ...input }: CheckboxProps) {
  const checkId = id ?? (input.value ? `${input.name}-${String(input.value)}` : input.name)
  const message = firstOf(error)
  return (
    <div className={classNames('grid gap-1', className)}>
      <div className="check">
        <input
          {...input}
          id={checkId}
          type="checkbox"
          role={asSwitch ? 'switch' : undefined}
          aria-describedby={
            [hint && `${checkId}-hint`, message && `${checkId}-error`].filter(Boolean).join(' ') || undefined
          }
          aria-invalid={message ? true : undefined}
        />
        <div>
          <label htmlFor={checkId}>{label}</label>
          {asSwitch ? <span className="switch-word" aria-hidden /> : null}
          {hint ? (
            <p className="field-hint" id={`${checkId}-hint`}>
              {hint}
            </p>
          ) : null}
        </div>
      </div>
      {message ? <FieldError id={checkId} message={message} /> : null}
    </div>
  )
}
