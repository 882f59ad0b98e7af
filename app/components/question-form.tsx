import { Form } from '@remix-run/react'
import { type FormAnswer, useServerForm } from '../http/use-server-form.ts'
import { Button } from './button.tsx'
import { ErrorSummary } from './error-summary.tsx'
import { Field, TextArea } from './field.tsx'
import { useSubmitting } from './use-submitting.ts'

/** What a customer asks. */
export function QuestionForm({ nonce, answer }: { nonce: string; answer: FormAnswer | undefined }) {
  const { form, field, errors } = useServerForm<'subject' | 'question'>('support', answer)
  const busy = useSubmitting()
  return (
    <Form method="post" {...form} className="grid gap-6">
      <input type="hidden" name="nonce" value={nonce} />
      <ErrorSummary errors={errors} />
      <Field label="Subject" required {...field('subject')} />
      <TextArea label="Question" rows={8} required {...field('question')} />
      <div>
        <Button busy={busy}>Send</Button>
      </div>
    </Form>
  )
}

export const QUESTION_SENT = 'We received your question.'
