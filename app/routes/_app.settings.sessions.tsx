import { type ActionFunctionArgs, type LoaderFunctionArgs, redirect } from '@remix-run/node'
import { Form, useLoaderData } from '@remix-run/react'
import { signOutEverywhere } from '#app/auth/change-password.server.ts'
import { requireUser } from '#app/auth/require-user.server.ts'
import { endSession, endSessionById, IDLE_DAYS, listSessions, SESSION_DAYS } from '#app/auth/session.server.ts'
import { Badge } from '#app/components/badge.tsx'
import { Banner } from '#app/components/banner.tsx'
import { Button } from '#app/components/button.tsx'
import { pageTitle } from '#app/components/page-title.ts'
import { Section } from '#app/components/page.tsx'
import { Table, TableHead, Td } from '#app/components/table.tsx'
import { useSubmitting } from '#app/components/use-submitting.ts'
import { formatDateTime } from '#app/format.ts'
import { readFormData } from '#app/http/read-form-data.server.ts'
import { withSearch } from '#app/with-search.ts'

export const meta = () => pageTitle('Sessions')

export async function loader({ request }: LoaderFunctionArgs) {
  const user = await requireUser(request)
  const sessions = await listSessions(user, request)
  const ended = new URL(request.url).searchParams.get('ended')
  return {
    idleDays: IDLE_DAYS,
    days: SESSION_DAYS,
    // Said only if it is true: anyone can write the address.
    hasEnded: ended !== null && !sessions.some(({ id }) => id === ended),
    sessions: sessions.map(({ lastSeenAt, ...session }) => ({
      ...session,
      lastSeenAt: lastSeenAt && formatDateTime(lastSeenAt, user.timeZone),
    })),
  }
}

export async function action({ request }: ActionFunctionArgs) {
  const user = await requireUser(request)
  const id = (await readFormData(request)).get('id')
  if (typeof id !== 'string') {
    await signOutEverywhere(user._id)
    return redirect('/login', { headers: { 'Set-Cookie': await endSession(request) } })
  }
  const current = (await listSessions(user, request)).find(({ isCurrent }) => isCurrent)
  if (current?.id === id) return redirect('/login', { headers: { 'Set-Cookie': await endSession(request) } })
  await endSessionById(user._id, id)
  return redirect(withSearch('/settings/sessions', { ended: id }))
}

export default function SessionSettings() {
  const { sessions, hasEnded, idleDays, days } = useLoaderData<typeof loader>()
  const busy = useSubmitting()
  return (
    <>
      {hasEnded ? (
        <div role="status">
          <Banner tone="green">That session is logged out.</Banner>
        </div>
      ) : null}
      <Section
        id="sessions-title"
        title="Sessions"
        lead={`You are logged in with these browsers. A session ends after ${idleDays} days without use, and ${days} days after the log-in.`}
      >
        <Table labelledBy="sessions-title" stacks>
          <TableHead columns={['Browser', 'Network', 'Last seen', { hidden: 'Log out' }]} />
          <tbody>
            {sessions.map((session) => (
              <SessionRow key={session.id} {...session} />
            ))}
          </tbody>
        </Table>
      </Section>
      <Section id="everywhere-title" title="Log out everywhere" lead="This does not revoke API keys.">
        <Form method="post">
          <Button kind="outline" busy={busy}>
            Log out everywhere
          </Button>
        </Form>
      </Section>
    </>
  )
}

type Loaded = ReturnType<typeof useLoaderData<typeof loader>>

function SessionRow({ id, browser, network, lastSeenAt, isCurrent }: Loaded['sessions'][number]) {
  const busy = useSubmitting({ id })
  return (
    <tr className="control-row">
      <Td place="first">
        <span className="flex flex-wrap items-center gap-2">
          {browser}
          {isCurrent ? <Badge tone="green">This browser</Badge> : null}
        </span>
      </Td>
      <Td place="meta">{network}</Td>
      <Td place="meta">{lastSeenAt ?? 'Unknown'}</Td>
      <Td place="second">
        <Form method="post">
          <input type="hidden" name="id" value={id} />
          <Button kind="quiet" busy={busy}>
            Log out<span className="sr-only"> {browser}</span>
          </Button>
        </Form>
      </Td>
    </tr>
  )
}
