import { parseWithZod } from '@conform-to/zod/v4'
import { type ActionFunctionArgs, type LoaderFunctionArgs, redirect } from '@remix-run/node'
import { useActionData, useLoaderData } from '@remix-run/react'
import { z } from 'zod'
import { resetPassword } from '#app/auth/change-password.server.ts'
import { newPassword, PASSWORD_MIN } from '#app/auth/credentials.ts'
import { WeakPassword } from '#app/auth/errors.ts'
import { logInCookies } from '#app/auth/log-in-cookies.server.ts'
import { consumeAttempt } from '#app/auth/rate-limit.server.ts'
import { resetCookie } from '#app/auth/reset-cookie.server.ts'
import { readResetToken } from '#app/auth/reset-token.ts'
import { ButtonLink } from '#app/components/button.tsx'
import { NewPasswordField } from '#app/components/new-password-field.tsx'
import { pageTitle } from '#app/components/page-title.ts'
import { Page } from '#app/components/page.tsx'
import { TextLink } from '#app/components/text-link.tsx'
import { ServerForm } from '#app/components/server-form.tsx'
import { clientNetwork } from '#app/http/client-address.server.ts'
import { invalidForm, refusedForm } from '#app/http/form-failure.server.ts'
import { readFormData } from '#app/http/read-form-data.server.ts'
import { useServerForm } from '#app/http/use-server-form.ts'

const resetForm = z.object({ password: newPassword })

export const meta = () => pageTitle('Choose a new password')

export async function loader({ request }: LoaderFunctionArgs) {
  const token = new URL(request.url).searchParams.get('token')
  if (token !== null) {
    // Only a token of ours gets into the cookie, and so into later requests.
    const headers = readResetToken(token) ? { 'Set-Cookie': await resetCookie().serialize(token) } : undefined
    throw redirect('/reset-password', { headers })
  }
  return { hasLink: (await tokenFrom(request)) !== null, passwordMin: PASSWORD_MIN }
}

export async function action({ request }: ActionFunctionArgs) {
  const submission = parseWithZod(await readFormData(request), { schema: resetForm })
  if (submission.status !== 'success') return invalidForm(submission)
  try {
    await consumeAttempt('passwordResetAddress', clientNetwork(request))
    const user = await resetPassword((await tokenFrom(request)) ?? '', submission.value.password)
    const headers = await logInCookies(request, user)
    headers.append('Set-Cookie', await resetCookie().serialize('', { maxAge: 0 }))
    return redirect('/dashboard?done=password', { headers })
  } catch (error) {
    return refusedForm(submission, error, error instanceof WeakPassword ? 'password' : undefined)
  }
}

/** From the cookie that the link set, or from the address if the redirect was not followed. */
async function tokenFrom(request: Request): Promise<string | null> {
  const fromCookie: unknown = await resetCookie().parse(request.headers.get('Cookie'))
  if (typeof fromCookie === 'string' && fromCookie) return fromCookie
  return new URL(request.url).searchParams.get('token')
}

export default function ResetPassword() {
  const { hasLink, passwordMin } = useLoaderData<typeof loader>()
  const { form, field, errors } = useServerForm<'password'>('reset-password', useActionData<typeof action>())
  if (!hasLink && errors.length === 0) {
    return (
      <Page title="Choose a new password" lead="Open this page from the link in our email." width="column">
        <ButtonLink to="/forgot-password">Send me a link</ButtonLink>
      </Page>
    )
  }
  return (
    <Page
      title="Choose a new password"
      lead="This logs you out everywhere else and revokes every API key."
      width="column"
    >
      <ServerForm form={form} errors={errors} submit="Set the password" isWide>
        <NewPasswordField label="New password" min={passwordMin} {...field('password')} />
      </ServerForm>
      <p>
        <TextLink to="/forgot-password">Send another link</TextLink>
      </p>
    </Page>
  )
}
