import { parseWithZod } from '@conform-to/zod/v4'
import { type ActionFunctionArgs, type LoaderFunctionArgs, redirect } from '@remix-run/node'
import { useActionData, useLoaderData } from '@remix-run/react'
import { z } from 'zod'
import { changePassword } from '#app/auth/change-password.server.ts'
import { currentPassword, newPassword, PASSWORD_MIN } from '#app/auth/credentials.ts'
import { InvalidLogin, WeakPassword } from '#app/auth/errors.ts'
import { logInCookies } from '#app/auth/log-in-cookies.server.ts'
import { consumeAttempt } from '#app/auth/rate-limit.server.ts'
import { countLive } from '#app/auth/api-key.server.ts'
import { requireUser } from '#app/auth/require-user.server.ts'
import { Checkbox, Field } from '#app/components/field.tsx'
import { NewPasswordField } from '#app/components/new-password-field.tsx'
import { pageTitle } from '#app/components/page-title.ts'
import { Section } from '#app/components/page.tsx'
import { ServerForm } from '#app/components/server-form.tsx'
import { invalidForm, refusedForm } from '#app/http/form-failure.server.ts'
import { readFormData } from '#app/http/read-form-data.server.ts'
import { useServerForm } from '#app/http/use-server-form.ts'

const passwordForm = z.object({
  currentPassword,
  newPassword,
  // A browser sends a checkbox only when it is checked.
  revokeKeys: z
    .literal('on')
    .optional()
    .transform((value) => value === 'on'),
})

export const meta = () => pageTitle('Password')

export async function loader({ request }: LoaderFunctionArgs) {
  const user = await requireUser(request)
  const apiKeys = await countLive(user)
  return {
    email: user.email,
    apiKeys,
    passwordMin: PASSWORD_MIN,
    saved: new URL(request.url).searchParams.has('saved'),
  }
}

export async function action({ request }: ActionFunctionArgs) {
  const user = await requireUser(request)
  const submission = parseWithZod(await readFormData(request), { schema: passwordForm })
  if (submission.status !== 'success') return invalidForm(submission)
  const { currentPassword: current, newPassword: next, revokeKeys } = submission.value
  try {
    await consumeAttempt('passwordChange', user._id.toHexString())
    const changed = await changePassword(user._id, current, next, { revokeKeys })
    // The page must be requested again: this request's cookie no longer belongs to a session.
    return redirect('/settings/password?saved', { headers: await logInCookies(request, changed) })
  } catch (error) {
    if (error instanceof WeakPassword) return refusedForm(submission, error, 'newPassword')
    if (!(error instanceof InvalidLogin)) return refusedForm(submission, error)
    return refusedForm(submission, new InvalidLogin('That is not your current password.'), 'currentPassword')
  }
}

export default function PasswordSettings() {
  const { email, apiKeys, passwordMin, saved } = useLoaderData<typeof loader>()
  const answer = useActionData<typeof action>()
  const { form, field, errors } = useServerForm<'currentPassword' | 'newPassword'>('password', answer)
  return (
    <Section id="password-title" title="Password" lead="A new password logs you out everywhere else.">
      {/* After another attempt the address still says that the first one was saved. */}
      <ServerForm form={form} errors={errors} submit="Save" isSaved={saved && !answer} className="max-w-column">
        {/* Tells password managers whose password this is. */}
        <input type="hidden" autoComplete="username" value={email} readOnly />
        <Field
          label="Current password"
          type="password"
          autoComplete="current-password"
          required
          {...field('currentPassword')}
        />
        <NewPasswordField label="New password" min={passwordMin} {...field('newPassword')} />
        {apiKeys > 0 ? (
          <Checkbox
            name="revokeKeys"
            label={apiKeys === 1 ? 'Revoke my API key too' : `Revoke my ${apiKeys} API keys too`}
            hint="Do this if someone else may know the old password. Your programs will need new keys."
          />
        ) : null}
      </ServerForm>
    </Section>
  )
}
