import type { LoaderFunctionArgs, MetaFunction } from '@remix-run/node'
import { useLoaderData } from '@remix-run/react'
import { referenceView } from '#app/api-reference/reference-view.server.ts'
import { listApiKeys } from '#app/auth/api-key.server.ts'
import { findUser } from '#app/auth/require-user.server.ts'
import { frameOf } from '#app/auth/signed-in-frame.server.ts'
import { pageTitle } from '#app/components/page-title.ts'
import { Page, Section } from '#app/components/page.tsx'
import { VisitorFrame } from '#app/components/visitor-frame.tsx'
import { config } from '#app/config.server.ts'
import { now } from '#app/clock.server.ts'
import { CallSection } from './call-section.tsx'
import { ErrorList } from './error-list.tsx'
import { Introduction } from './introduction.tsx'

export const meta: MetaFunction = () => [
  ...pageTitle('API reference'),
  { name: 'description', content: 'How to spend credits from a program: every call, with examples.' },
]

/** Public; for signed-in users it names a key of theirs. */
export async function loader({ request }: LoaderFunctionArgs) {
  const user = await findUser(request)
  const keys = user ? await listApiKeys(user._id) : []
  const { appUrl, sandboxUrl } = config()
  return {
    frame: user && (await frameOf(user)),
    sandboxUrl,
    appUrl,
    keyPrefix: keys.find(({ expiresAt }) => !expiresAt || expiresAt > now())?.prefix ?? null,
    ...referenceView(appUrl),
  }
}

export default function ApiReference() {
  const { frame, sandboxUrl, appUrl, keyPrefix, groups, errors } = useLoaderData<typeof loader>()
  return (
    <VisitorFrame frame={frame} sandboxUrl={sandboxUrl}>
      <Page title="API reference" lead="Spend credits, hold them and run actions from your own programs.">
        <nav aria-label="Calls" className="grid gap-6 sm:grid-cols-2 lg:grid-cols-3">
          {groups.map(({ name, calls }) => (
            <div key={name}>
              <p className="font-semibold">{name}</p>
              <ul>
                {calls.map(({ id, title }) => (
                  <li key={id}>
                    <a className="inline-block py-1 link" href={`#${id}`}>
                      {title}
                    </a>
                  </li>
                ))}
              </ul>
            </div>
          ))}
        </nav>
        <Introduction appUrl={appUrl} keyPrefix={keyPrefix} isSignedIn={frame !== null} />
        {groups.map(({ name, calls }) => (
          <Section key={name} id={idOf(name)} title={name}>
            <div className="grid grid-cols-[minmax(0,1fr)] gap-12">
              {calls.map((call) => (
                <CallSection key={call.id} call={call} />
              ))}
            </div>
          </Section>
        ))}
        <Section id="error-codes" title="Error codes" lead="All codes that the API answers with.">
          <ErrorList errors={errors} labelledBy="error-codes" />
        </Section>
      </Page>
    </VisitorFrame>
  )
}

const idOf = (group: string): string => `group-${group.toLowerCase().replaceAll(' ', '-')}`
