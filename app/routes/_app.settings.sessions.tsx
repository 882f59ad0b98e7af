import { type ActionFunctionArgs, type LoaderFunctionArgs, redirect } from '@remix-run/node'
import { Form, useLoaderData } from '@remix-run/react'
import { signOutEverywhere } from '#app/auth/change-password.server.ts'
import { requireUser } from '#app/auth/require-user.server.ts'
import { countSessionsOf, endSession } from '#app/auth/session.server.ts'
import { Button } from '#app/components/button.tsx'
import { pageTitle } from '#app/components/page-title.ts'
import { Section } from '#app/components/page.tsx'
import { useSubmitting } from '#app/components/use-submitting.ts'

export const meta = () => pageTitle('Sessions')

export async function loader({ request }: LoaderFunctionArgs) {
  const user = await requireUser(request)
  return { sessions: await countSessionsOf(user._id) }
}

export async function action({ request }: ActionFunctionArgs) {
  const user = await requireUser(request)
  await signOutEverywhere(user._id)
  return redirect('/login', { headers: { 'Set-Cookie': await endSession(request) } })
}

export default function SessionSettings() {
  const { sessions } = useLoaderData<typeof loader>()
  const busy = useSubmitting()
  return (
    <Section id="sessions-title" title="Sessions">
      <p>{sessions === 1 ? 'You are logged in here only.' : `You are logged in on ${sessions} browsers.`}</p>
      <p className="text-ink-2">This does not revoke API keys.</p>
      <Form method="post">
        <Button kind="outline" busy={busy}>
          Log out everywhere
        </Button>
      </Form>
    </Section>
  )
}
