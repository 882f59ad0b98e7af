import { type FormAnswer, useServerForm } from '../http/use-server-form.ts'
import { Field, TextArea } from './field.tsx'
import { ServerForm } from './server-form.tsx'

/** What a customer asks. */
export function QuestionForm({ nonce, answer }: { nonce: string; answer: FormAnswer | undefined }) {
  const { form, field, errors } = useServerForm<'subject' | 'question'>('support', answer)
  return (
    <ServerForm form={form} errors={errors} hidden={{ nonce }} submit="Send">
      <Field label="Subject" required {...field('subject')} />
      <TextArea label="Question" rows={8} required {...field('question')} />
    </ServerForm>
  )
}

export const QUESTION_SENT = 'We received your question.'
