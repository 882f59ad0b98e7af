import { Field, type FieldProps } from './field.tsx'

/** A new password, with what it has to be; `min` is its length in characters. */
export function NewPasswordField({ min, ...field }: Pick<FieldProps, 'label' | 'name' | 'error'> & { min: number }) {
  return (
    <Field
      {...field}
      type="password"
      hint={`At least ${min} characters. A short sentence works well.`}
      autoComplete="new-password"
      required
    />
  )
}
