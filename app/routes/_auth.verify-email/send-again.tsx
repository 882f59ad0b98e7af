import { Field } from '#app/components/field.tsx'
import { ServerForm } from '#app/components/server-form.tsx'
import { type FormAnswer, useServerForm } from '#app/http/use-server-form.ts'

/** Requests another link. `email` is that of the user who is logged in; others type an address. */
export function SendAgain({ email, answer }: { email: string | null; answer: FormAnswer | undefined }) {
  const { form, field, errors } = useServerForm<'email'>('send-again', answer)
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
    <ServerForm form={form} errors={errors} hidden={{ intent: 'resend' }} submit="Send another link" kind="outline">
      {email ? null : (
        <Field label="Email" type="email" autoComplete="username" inputMode="email" required {...field('email')} />
      )}
    </ServerForm>
  )
}
