import { parseWithZod } from '@conform-to/zod/v4'
import { type ActionFunctionArgs, data } from '@remix-run/node'
import { useActionData } from '@remix-run/react'
import { z } from 'zod'
import { requestPasswordReset } from '#app/auth/change-password.server.ts'
import { email } from '#app/auth/email-address.ts'
import { hasTryLeft, consumeAttempt } from '#app/auth/rate-limit.server.ts'
import { Field } from '#app/components/field.tsx'
import { pageTitle } from '#app/components/page-title.ts'
import { Page } from '#app/components/page.tsx'
import { TextLink } from '#app/components/text-link.tsx'
import { ServerForm } from '#app/components/server-form.tsx'
import { clientNetwork } from '#app/http/client-address.server.ts'
import { invalidForm, refusedForm, savedForm } from '#app/http/form-failure.server.ts'
import { readFormData } from '#app/http/read-form-data.server.ts'
import { useServerForm } from '#app/http/use-server-form.ts'
import { deliverLater } from '#app/notifications/mail.server.ts'

const forgotForm = z.object({ email })

export const meta = () => pageTitle('Reset your password')

export const loader = () => data(null)

export async function action({ request }: ActionFunctionArgs) {
  const submission = parseWithZod(await readFormData(request), { schema: forgotForm })
  if (submission.status !== 'success') return invalidForm(submission)
  try {
    await consumeAttempt('passwordResetAddress', clientNetwork(request))
    if (await hasTryLeft('passwordReset', submission.value.email)) {
      const { delivery } = await requestPasswordReset(submission.value.email)
      deliverLater(delivery)
    }
    // The same answer past the limit: a stranger must not learn that it was reached, and the owner has a link by then.
    return savedForm(submission)
  } catch (error) {
    return refusedForm(submission, error)
  }
}

export default function ForgotPassword() {
  const answer = useActionData<typeof action>()
  const { form, field, errors } = useServerForm<'email'>('forgot-password', answer)
  return (
    <Page title="Reset your password" width="column">
      {answer?.saved ? (
        <p role="status">If an account exists for that address, we sent a link. It works for 1 hour.</p>
      ) : (
        <ServerForm form={form} errors={errors} submit="Send link" isWide>
          <Field label="Email" type="email" autoComplete="username" inputMode="email" required {...field('email')} />
        </ServerForm>
      )}
      <p>
        <TextLink to="/login">Back to log in</TextLink>
      </p>
    </Page>
  )
}
