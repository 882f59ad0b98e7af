import { Form } from '@remix-run/react'
import { Button } from '#app/components/button.tsx'
import { ErrorSummary } from '#app/components/error-summary.tsx'
import { Field } from '#app/components/field.tsx'
import { useSubmitting } from '#app/components/use-submitting.ts'
import { type FormAnswer, useServerForm } from '#app/http/use-server-form.ts'

/**
 * Asks for another link.
 * @param email of who is logged in; anybody else types an address
 */
export function SendAgain({ email, answer }: { email: string | null; answer: FormAnswer | undefined }) {
  const { form, field, errors } = useServerForm<'email'>('send-again', answer)
  const busy = useSubmitting({ intent: 'resend' })
  if (answer?.saved) {
    return (
      <p role="status">
        {email
          ? 'We sent another link.'
          : 'If an account with that address needs to be confirmed, we sent another link.'}
      </p>
    )
  }
  return (
    <Form method="post" {...form} className="grid gap-6">
      <ErrorSummary errors={errors} />
      <input type="hidden" name="intent" value="resend" />
      {email ? null : (
        <Field label="Email" type="email" autoComplete="username" inputMode="email" required {...field('email')} />
      )}
      <Button kind="outline" busy={busy} className="justify-self-start">
        Send another link
      </Button>
    </Form>
  )
}
