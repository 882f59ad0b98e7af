import { parseWithZod } from '@conform-to/zod/v4'
import { type ActionFunctionArgs, type LoaderFunctionArgs, redirect } from '@remix-run/node'
import { useActionData, useLoaderData } from '@remix-run/react'
import { PASSWORD_MIN, signUpForm } from '#app/auth/credentials.ts'
import { EmailTaken, WeakPassword } from '#app/auth/errors.ts'
import { logInCookies } from '#app/auth/log-in-cookies.server.ts'
import { consumeAttempt } from '#app/auth/rate-limit.server.ts'
import { findUser } from '#app/auth/require-user.server.ts'
import { signUp, signUpByMail } from '#app/auth/sign-up.server.ts'
import { welcomeCredits } from '#app/billing/plans.ts'
import { Field } from '#app/components/field.tsx'
import { NewPasswordField } from '#app/components/new-password-field.tsx'
import { pageTitle } from '#app/components/page-title.ts'
import { Page } from '#app/components/page.tsx'
import { useHydrated } from '#app/components/use-hydrated.ts'
import { TextLink } from '#app/components/text-link.tsx'
import { ServerForm } from '#app/components/server-form.tsx'
import { config } from '#app/config.server.ts'
import { confirmPath } from '#app/email-confirmation/confirm-path.ts'
import { clientNetwork } from '#app/http/client-address.server.ts'
import { invalidForm, refusedForm } from '#app/http/form-failure.server.ts'
import { readFormData } from '#app/http/read-form-data.server.ts'
import { safeRedirect } from '#app/http/safe-redirect.ts'
import { useServerForm } from '#app/http/use-server-form.ts'
import { deliverLater } from '#app/notifications/mail.server.ts'
import { withSearch } from '#app/with-search.ts'

export const meta = () => pageTitle('Create your account')

export async function loader({ request }: LoaderFunctionArgs) {
  const redirectTo = new URL(request.url).searchParams.get('redirectTo')
  if (await findUser(request)) throw redirect(safeRedirect(redirectTo))
  return { redirectTo, welcomeCredits, passwordMin: PASSWORD_MIN }
}

export async function action({ request }: ActionFunctionArgs) {
  const form = await readFormData(request)
  const submission = parseWithZod(form, { schema: signUpForm })
  if (submission.status !== 'success') return invalidForm(submission)
  try {
    await consumeAttempt('signUp', clientNetwork(request))
    if (config().requireConfirmedEmail) {
      const { delivery } = await signUpByMail(submission.value)
      deliverLater(delivery)
      return redirect(confirmPath(safeRedirect(form.get('redirectTo'), '')))
    }
    const user = await signUp(submission.value)
    return redirect(safeRedirect(form.get('redirectTo')), { headers: await logInCookies(request, user) })
  } catch (error) {
    return refusedForm(submission, error, fieldOf(error))
  }
}

function fieldOf(error: unknown): Names | undefined {
  if (error instanceof EmailTaken) return 'email'
  return error instanceof WeakPassword ? 'password' : undefined
}

/** For dates and times from the start. */
const browserZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone

type Names = 'name' | 'email' | 'password'

export default function SignUp() {
  const { redirectTo, welcomeCredits, passwordMin } = useLoaderData<typeof loader>()
  const { form, field, errors } = useServerForm<Names>('sign-up', useActionData<typeof action>())
  const hydrated = useHydrated()
  return (
    <Page title="Create your account" width="column">
      <ServerForm form={form} errors={errors} submit="Create account" hidden={redirectTo ? { redirectTo } : {}} isWide>
        <Field label="Name" autoComplete="name" optional {...field('name')} />
        <Field label="Email" type="email" autoComplete="username" inputMode="email" required {...field('email')} />
        <NewPasswordField label="Password" min={passwordMin} {...field('password')} />
        {hydrated ? <input type="hidden" name="timeZone" value={browserZone()} /> : null}
      </ServerForm>
      <p className="-mt-6 text-ink-2">You get {welcomeCredits} credits to try it. No card needed.</p>
      <p>
        Have an account? <TextLink to={withSearch('/login', { redirectTo })}>Log in</TextLink>
      </p>
    </Page>
  )
}
