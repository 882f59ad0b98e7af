import { type ActionFunctionArgs, type LoaderFunctionArgs, redirect } from '@remix-run/node'
import { Form } from '@remix-run/react'
import { findUser } from '#app/auth/require-user.server.ts'
import { endSession } from '#app/auth/session.server.ts'
import { Button, ButtonLink } from '#app/components/button.tsx'
import { pageTitle } from '#app/components/page-title.ts'
import { Page } from '#app/components/page.tsx'
import { useSubmitting } from '#app/components/use-submitting.ts'

export const meta = () => pageTitle('Log out')

/** A link or a prefetch must not log a user out, so a GET only asks. */
export async function loader({ request }: LoaderFunctionArgs) {
  if (!(await findUser(request))) throw redirect('/login')
  return null
}

export async function action({ request }: ActionFunctionArgs) {
  return redirect('/', { headers: { 'Set-Cookie': await endSession(request) } })
}

export default function LogOut() {
  const busy = useSubmitting()
  return (
    <Page title="Log out?" lead="Your credits and your plan stay as they are." width="column">
      <Form method="post" className="flex flex-wrap gap-4">
        <Button busy={busy}>Log out</Button>
        <ButtonLink to="/dashboard" kind="quiet">
          Stay
        </ButtonLink>
      </Form>
    </Page>
  )
}
