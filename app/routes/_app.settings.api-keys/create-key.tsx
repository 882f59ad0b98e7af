import { Select, Field } from '#app/components/field.tsx'
import { RadioCards } from '#app/components/radio-cards.tsx'
import { ServerForm } from '#app/components/server-form.tsx'
import { type FormAnswer, useServerForm } from '#app/http/use-server-form.ts'

const ACCESS = [
  { value: 'spend', label: 'Read and spend', detail: 'Spend and reserve credits, start checkouts' },
  { value: 'read', label: 'Read only', detail: 'Balance, activity and account' },
]

export function CreateKey({ answer }: { answer: FormAnswer | undefined }) {
  const defaults = { access: 'spend', expiry: 'never' }
  const { form, field, errors } = useServerForm<'name' | 'access' | 'expiry'>('new-key', answer, defaults)
  return (
    <ServerForm form={form} errors={errors} hidden={{ intent: 'create' }} submit="Create key" className="max-w-column">
      <Field label="Name" hint="For example, Nightly report" required {...field('name')} />
      <RadioCards legend="Access" name="access" cards={ACCESS} defaultValue={field('access').defaultValue} />
      <Select label="Expiry" hint="We email you 7 days before." {...field('expiry')}>
        <option value="never">Never</option>
        <option value="30">30 days</option>
        <option value="90">90 days</option>
        <option value="365">365 days</option>
      </Select>
    </ServerForm>
  )
}
