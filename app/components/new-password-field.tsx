import { Field, type FieldProps } from './field.tsx'

/** A field for a new password of at least `min` characters. */
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
