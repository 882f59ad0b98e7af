import type { ComponentPropsWithRef } from 'react'
import { FieldFrame, type FieldTexts } from './field-frame.tsx'
import { PasswordInput } from './password-input.tsx'

type Named = { name: string; id?: string; className?: string }
type ControlProps<Tag extends 'input' | 'select' | 'textarea'> = FieldTexts &
  Named &
  Omit<ComponentPropsWithRef<Tag>, keyof FieldTexts | keyof Named>

export type FieldProps = ControlProps<'input'>

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

export function Select({ label, hint, error, optional, className, id, children, ...select }: ControlProps<'select'>) {
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

export function TextArea({ label, hint, error, optional, className, id, ...area }: ControlProps<'textarea'>) {
  return (
    <FieldFrame id={id ?? area.name} label={label} hint={hint} error={error} optional={optional} className={className}>
      {(ids) => <textarea className="input" {...area} {...ids} />}
    </FieldFrame>
  )
}

interface CheckboxProps extends Omit<ComponentPropsWithRef<'input'>, 'type' | 'name'> {
  name: string
  label: string
  hint?: string
  /** Drawn as a switch; it still applies only when the form is sent. */
  asSwitch?: boolean
}

export function Checkbox({ label, hint, asSwitch, ...input }: CheckboxProps) {
  const id = input.value ? `${input.name}-${String(input.value)}` : input.name
  return (
    <div className="check">
      <input
        {...input}
        id={id}
        type="checkbox"
        role={asSwitch ? 'switch' : undefined}
        aria-describedby={hint && `${id}-hint`}
      />
      <div>
        <label htmlFor={id}>{label}</label>
        {asSwitch ? <span className="switch-word" aria-hidden /> : null}
        {hint ? (
          <p className="field-hint" id={`${id}-hint`}>
            {hint}
          </p>
        ) : null}
      </div>
    </div>
  )
}
