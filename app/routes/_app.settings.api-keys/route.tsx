import { parseWithZod } from '@conform-to/zod/v4'
import { type ActionFunctionArgs, data, type LoaderFunctionArgs, redirect } from '@remix-run/node'
import { useActionData, useLoaderData } from '@remix-run/react'
import { useMemo } from 'react'
import { createApiKey, findRevokedName, listApiKeys, revokeApiKey } from '#app/auth/api-key.server.ts'
import { SCOPES } from '#app/auth/api-scope.ts'
import { requireUser } from '#app/auth/require-user.server.ts'
import { rotateApiKey } from '#app/auth/rotate-api-key.server.ts'
import { Banner } from '#app/components/banner.tsx'
import { EmptyState } from '#app/components/empty-state.tsx'
import { ErrorSummary } from '#app/components/error-summary.tsx'
import { pageTitle } from '#app/components/page-title.ts'
import { Section } from '#app/components/page.tsx'
import { TextLink } from '#app/components/text-link.tsx'
import { invalidForm, refusedForm, savedForm } from '#app/http/form-failure.server.ts'
import { readFormData } from '#app/http/read-form-data.server.ts'
import { withSearch } from '#app/with-search.ts'
import { ApiKeyTable } from './api-key-table.tsx'
import { AskAboutKey } from './ask-about-key.tsx'
import { CreateKey } from './create-key.tsx'
import { keyForm } from './key-form.ts'
import { keyRefusal } from './key-refusal.server.ts'
import { keyRow } from './key-rows.server.ts'
import { NewKey } from './new-key.tsx'

export const meta = () => pageTitle('API keys')

export async function loader({ request }: LoaderFunctionArgs) {
  const user = await requireUser(request)
  const { searchParams } = new URL(request.url)
  const keys = (await listApiKeys(user._id)).map((key) => keyRow(key, user.timeZone))
  const chosen = keys.find(({ id }) => id === searchParams.get('id'))
  const intent = searchParams.get('intent')
  return {
    keys,
    refusal: keyRefusal(user),
    toRevoke: intent === 'revoke' ? chosen : undefined,
    toRotate: intent === 'rotate' && chosen?.canRotate ? chosen : undefined,
    revoked: await findRevokedName(user._id, searchParams.get('revoked')),
  }
}

export async function action({ request }: ActionFunctionArgs) {
  const user = await requireUser(request)
  const submission = parseWithZod(await readFormData(request), { schema: keyForm })
  if (submission.status !== 'success') return invalidForm(submission)
  const { value } = submission
  try {
    if (value.intent === 'revoke') {
      await revokeApiKey(user._id, value.id)
      return redirect(withSearch('/settings/api-keys', { revoked: value.id }))
    }
    const { key } =
      value.intent === 'rotate'
        ? await rotateApiKey(user._id, value.id)
        : await createApiKey(user._id, value.name, { scopes: SCOPES[value.access], lifeMs: value.expiry })
    const saved = savedForm(submission, { empty: true })
    // The only answer that carries the key, so no cache may keep it.
    return data({ ...saved.data, key }, { headers: { 'Cache-Control': 'no-store' } })
  } catch (error) {
    return refusedForm(submission, error)
  }
}

export default function ApiKeySettings() {
  const { keys, refusal, toRevoke, toRotate, revoked } = useLoaderData<typeof loader>()
  const answer = useActionData<typeof action>()
  const newKey = answer && 'key' in answer && typeof answer.key === 'string' ? answer.key : null
  const problems = useMemo(() => problemsOf(answer), [answer])
  return (
    <>
      {revoked && !newKey ? (
        <div role="status">
          <Banner tone="green">{`“${revoked}” is revoked. Programs that use it stop working within seconds.`}</Banner>
        </div>
      ) : null}
      <ErrorSummary errors={problems} />
      {toRevoke ? <AskAboutKey apiKey={toRevoke} intent="revoke" /> : null}
      {toRotate && !newKey ? <AskAboutKey apiKey={toRotate} intent="rotate" /> : null}
      <Section
        id="new-key-title"
        title="New API key"
        lead="Send it in the Authorization header: “Bearer sk_scrip_…”. Treat it like a password."
        aside={<TextLink to="/docs/api">API reference</TextLink>}
      >
        {newKey ? <NewKey value={newKey} /> : null}
        {refusal ? (
          <EmptyState next={refusal.wayOut}>{refusal.message}</EmptyState>
        ) : (
          <CreateKey answer={problems.length > 0 ? undefined : answer} />
        )}
      </Section>
      <Section id="keys-title" title="Your API keys">
        <ApiKeyTable keys={keys} labelledBy="keys-title" />
      </Section>
    </>
  )
}

/** What is wrong with a form that only has a button; the form of a new key shows its own. */
function problemsOf(answer: ReturnType<typeof useActionData<typeof action>>): { message: string }[] {
  if (!answer || answer.saved || answer.result.initialValue?.intent === 'create') return []
  return Object.values(answer.result.error ?? {}).flatMap((messages) =>
    (messages ?? []).map((message) => ({ message })),
  )
}
