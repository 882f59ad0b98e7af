import { parseWithZod } from '@conform-to/zod/v4'
import { type ActionFunctionArgs, type LoaderFunctionArgs, redirect } from '@remix-run/node'
import { useActionData, useLoaderData } from '@remix-run/react'
import { logInForm } from '#app/auth/credentials.ts'
import { authenticator } from '#app/auth/log-in.server.ts'
import { logInCookies } from '#app/auth/log-in-cookies.server.ts'
import { findUser } from '#app/auth/require-user.server.ts'
import { Field } from '#app/components/field.tsx'
import { pageTitle } from '#app/components/page-title.ts'
import { Page } from '#app/components/page.tsx'
import { TextLink } from '#app/components/text-link.tsx'
import { ServerForm } from '#app/components/server-form.tsx'
import { invalidForm, refusedForm } from '#app/http/form-failure.server.ts'
import { readFormData } from '#app/http/read-form-data.server.ts'
import { safeRedirect } from '#app/http/safe-redirect.ts'
import { useServerForm } from '#app/http/use-server-form.ts'
import { withSearch } from '#app/with-search.ts'

export const meta = () => pageTitle('Log in')

export async function loader({ request }: LoaderFunctionArgs) {
  const redirectTo = new URL(request.url).searchParams.get('redirectTo')
  if (await findUser(request)) throw redirect(safeRedirect(redirectTo))
  return { redirectTo }
}

export async function action({ request }: ActionFunctionArgs) {
  const form = await readFormData(request.clone())
  const submission = parseWithZod(form, { schema: logInForm })
  if (submission.status !== 'success') return invalidForm(submission)
  try {
    const user = await authenticator.authenticate('form', request)
    return redirect(safeRedirect(form.get('redirectTo')), { headers: await logInCookies(request, user) })
  } catch (error) {
    return refusedForm(submission, error)
  }
}

export default function LogIn() {
  const { redirectTo } = useLoaderData<typeof loader>()
  const { form, field, errors } = useServerForm<'email' | 'password'>('log-in', useActionData<typeof action>())
  return (
    <Page title="Log in" width="column">
      <ServerForm form={form} errors={errors} submit="Log in" hidden={redirectTo ? { redirectTo } : {}} isWide>
        <Field label="Email" type="email" autoComplete="username" inputMode="email" required {...field('email')} />
        <Field label="Password" type="password" autoComplete="current-password" required {...field('password')} />
      </ServerForm>
      <p>
        <TextLink to="/forgot-password">Forgot your password?</TextLink> New here?{' '}
        <TextLink to={withSearch('/signup', { redirectTo })}>Create an account</TextLink>
      </p>
    </Page>
  )
}
