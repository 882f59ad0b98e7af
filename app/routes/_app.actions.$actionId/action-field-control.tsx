import type { ShownField } from '#app/actions/action-page.server.ts'
import { Field, Select, TextArea } from '#app/components/field.tsx'

/** One field of an action's form, as the action describes it. */
export function ActionFieldControl({
  field,
  value,
  error,
}: {
  field: ShownField
  /** What was sent before, so that nobody has to type it again. */
  value: string | undefined
  error: string | null
}) {
  const { name, label, hint, kind } = field
  const shared = { name, label, hint, error, defaultValue: value ?? field.defaultValue ?? '' }
  switch (kind) {
    case 'textarea':
      return <TextArea {...shared} rows={4} spellCheck={false} />
    case 'select':
      return (
        <Select {...shared}>
          {(field.options ?? []).map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </Select>
      )
    case 'number':
      // Not type="number": its spinner and wheel change values by accident, and the server checks the bounds.
      return <Field {...shared} inputMode="numeric" autoComplete="off" />
    case 'text':
      return <Field {...shared} autoComplete="off" />
  }
}
