import { type ActionFunctionArgs, data, type LoaderFunctionArgs } from '@remix-run/node'
import { Form, useActionData, useLoaderData } from '@remix-run/react'
import { Button } from '#app/components/button.tsx'
import { pageTitle } from '#app/components/page-title.ts'
import { Page } from '#app/components/page.tsx'
import { PublicFrame } from '#app/components/public-frame.tsx'
import { useSubmitting } from '#app/components/use-submitting.ts'
import { TextLink } from '#app/components/text-link.tsx'
import { turnOff } from '#app/notifications/settings.server.ts'
import { MAIL_NAMES } from '#app/notifications/settings.ts'
import { readUnsubscribeToken } from '#app/notifications/unsubscribe-token.server.ts'

export const meta = () => pageTitle('Unsubscribe')

/** Opening the page changes nothing: mail scanners open every link. */
export async function loader({ request }: LoaderFunctionArgs) {
  const claim = readToken(request)
  if (!claim) return data({ about: null }, { status: 400 })
  return data({ about: MAIL_NAMES[claim.mail] })
}

/** The page's button, and the mail program's (RFC 8058): the token is the only proof. */
export async function action({ request }: ActionFunctionArgs) {
  const claim = readToken(request)
  if (!claim) return data({ done: false }, { status: 400 })
  // For a deleted user there is nothing to turn off, so that is done too.
  await turnOff(claim.userId, claim.mail)
  return data({ done: true })
}

function readToken(request: Request) {
  return readUnsubscribeToken(new URL(request.url).searchParams.get('token'))
}

export default function Unsubscribe() {
  const { about } = useLoaderData<typeof loader>()
  const answer = useActionData<typeof action>()
  const busy = useSubmitting()
  return (
    <PublicFrame>
      <Page title="Unsubscribe" width="column">
        {about === null ? (
          <p>This link is incomplete. Copy the whole address from the email, or turn emails off in your settings.</p>
        ) : answer?.done ? (
          <p role="status">Done. You will get no more emails {about}.</p>
        ) : (
          <Form method="post" className="grid gap-6">
            <p>Stop getting emails {about}?</p>
            <div>
              <Button busy={busy}>Stop these emails</Button>
            </div>
          </Form>
        )}
        <p>
          <TextLink to="/settings/notifications">Notification settings</TextLink>
        </p>
      </Page>
    </PublicFrame>
  )
}
