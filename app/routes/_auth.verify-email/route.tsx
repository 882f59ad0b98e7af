import { parseWithZod } from '@conform-to/zod/v4'
import { type ActionFunctionArgs, data, type LoaderFunctionArgs, redirect } from '@remix-run/node'
import { Form, useActionData, useLoaderData } from '@remix-run/react'
import { z } from 'zod'
import { confirmEmail, resendConfirmation, resendTo } from '#app/auth/confirm-email.server.ts'
import { email } from '#app/auth/email-address.ts'
import { InvalidToken } from '#app/auth/errors.ts'
import { consumeAttempt } from '#app/auth/rate-limit.server.ts'
import { findUser } from '#app/auth/require-user.server.ts'
import { Button, ButtonLink } from '#app/components/button.tsx'
import { pageTitle } from '#app/components/page-title.ts'
import { Page } from '#app/components/page.tsx'
import { useSubmitting } from '#app/components/use-submitting.ts'
import { TextLink } from '#app/components/text-link.tsx'
import { CONFIRM_PATH } from '#app/email-confirmation/confirm-path.ts'
import { clientNetwork } from '#app/http/client-address.server.ts'
import { invalidForm, refusedForm, savedForm } from '#app/http/form-failure.server.ts'
import { readFormData } from '#app/http/read-form-data.server.ts'
import { safeRedirect } from '#app/http/safe-redirect.ts'
import { deliverLater, hasMailbox } from '#app/notifications/mail.server.ts'
import { withSearch } from '#app/with-search.ts'
import { SendAgain } from './send-again.tsx'
import { confirmView } from './view.server.ts'

export const meta = () => pageTitle('Confirm your email')

export async function loader({ request }: LoaderFunctionArgs) {
  const { searchParams } = new URL(request.url)
  const view = await confirmView(searchParams.get('token'), await findUser(request))
  const redirectTo = safeRedirect(searchParams.get('redirectTo'), '')
  // Confirmed by now: continue to where the user was going.
  if (view.state === 'confirmed' && view.isLoggedIn && redirectTo) throw redirect(redirectTo)
  const status = view.state === 'broken' ? 400 : 200
  return data({ view, redirectTo, hasMailbox: hasMailbox() }, { status })
}

const linkForm = z.object({ intent: z.literal('confirm'), token: z.string().max(200) })
const resendForm = z.object({ intent: z.literal('resend'), email: email.optional() })
const confirmForm = z.discriminatedUnion('intent', [linkForm, resendForm])

export async function action({ request }: ActionFunctionArgs) {
  const submission = parseWithZod(await readFormData(request), { schema: confirmForm })
  if (submission.status !== 'success') return invalidForm(submission)
  try {
    if (submission.value.intent === 'resend') {
      await resend(request, submission.value.email)
      return savedForm(submission)
    }
    const { token } = submission.value
    await confirmEmail(token).catch((error: unknown) => {
      // The page says so, and offers another link.
      if (!(error instanceof InvalidToken)) throw error
    })
    return redirect(withSearch(CONFIRM_PATH, { token }))
  } catch (error) {
    return refusedForm(submission, error)
  }
}

/** To the logged-in user, else to the typed address: the answer does not say whether that has an account. */
async function resend(request: Request, address: string | undefined): Promise<void> {
  const user = await findUser(request)
  if (user && !user.emailConfirmedAt) return resendConfirmation(user)
  await consumeAttempt('confirmationAddress', clientNetwork(request))
  if (address) deliverLater(resendTo(address))
}

const TITLES = {
  ask: 'Confirm your email',
  confirmed: 'Your email is confirmed',
  broken: 'This link does not work',
  waiting: 'Check your email',
}

export default function VerifyEmail() {
  const { view, redirectTo, hasMailbox } = useLoaderData<typeof loader>()
  const answer = useActionData<typeof action>()
  const busy = useSubmitting({ intent: 'confirm' })
  return (
    <Page title={TITLES[view.state]} width="column">
      {view.state === 'ask' ? (
        <Form method="post" className="grid gap-6">
          <input type="hidden" name="intent" value="confirm" />
          <input type="hidden" name="token" value={view.token} />
          <p className="wrap-anywhere">
            Is <strong>{view.email}</strong> your address?
          </p>
          <Button busy={busy}>Confirm</Button>
        </Form>
      ) : null}
      {view.state === 'confirmed' ? (
        <>
          <p className="wrap-anywhere">
            <strong>{view.email}</strong> is confirmed.
          </p>
          {view.isLoggedIn ? (
            <ButtonLink to="/dashboard">Go to Overview</ButtonLink>
          ) : (
            <ButtonLink to="/login">Log in</ButtonLink>
          )}
        </>
      ) : null}
      {view.state === 'broken' || view.state === 'waiting' ? (
        <>
          {view.state === 'broken' ? (
            <p>It has expired or is incomplete. Copy the whole address from the email, or request another link.</p>
          ) : (
            <Waiting email={view.email} hasMailbox={hasMailbox} />
          )}
          <SendAgain email={view.email} answer={answer} />
          {view.email ? null : (
            <p>
              <TextLink to={withSearch('/login', { redirectTo })}>Log in</TextLink>
            </p>
          )}
        </>
      ) : null}
    </Page>
  )
}

function Waiting({ email, hasMailbox }: { email: string | null; hasMailbox: boolean }) {
  return (
    <div className="grid gap-2">
      <p className="wrap-anywhere">
        {email ? (
          <>
            We sent a link to <strong>{email}</strong>. Open it to confirm your address.
          </>
        ) : (
          'We sent you an email. Open the link in it to confirm your address, then log in.'
        )}
      </p>
      {hasMailbox ? (
        <p>
          No mail server is configured, so emails are kept in the <TextLink to="/mailbox">mailbox</TextLink>.
        </p>
      ) : null}
    </div>
  )
}
