import { parseWithZod } from '@conform-to/zod/v4'
import { type ActionFunctionArgs, data, type LoaderFunctionArgs, redirect } from '@remix-run/node'
import { useActionData, useLoaderData } from '@remix-run/react'
import { z } from 'zod'
import { createApiKey, findRevokedName, listApiKeys, revokeApiKey } from '#app/auth/api-key.server.ts'
import { requireUser } from '#app/auth/require-user.server.ts'
import { Banner } from '#app/components/banner.tsx'
import { EmptyState } from '#app/components/empty-state.tsx'
import { Field } from '#app/components/field.tsx'
import { pageTitle } from '#app/components/page-title.ts'
import { Section } from '#app/components/page.tsx'
import { ServerForm } from '#app/components/server-form.tsx'
import { formatDate, formatDateTime } from '#app/format.ts'
import { invalidForm, refusedForm, savedForm } from '#app/http/form-failure.server.ts'
import { readFormData } from '#app/http/read-form-data.server.ts'
import { useServerForm } from '#app/http/use-server-form.ts'
import { isOneLine } from '#app/person-name.ts'
import { withSearch } from '#app/with-search.ts'
import { ApiKeyTable } from './api-key-table.tsx'
import { keyRefusal } from './key-refusal.server.ts'
import { NewKey } from './new-key.tsx'
import { RevokeKey } from './revoke-key.tsx'

const keyName = z
  .string('Give the key a name.')
  .trim()
  .min(1, 'Give the key a name.')
  .max(60, 'Use at most 60 characters.')
  .refine(isOneLine, 'Use one line, without invisible characters.')

const keyForm = z.discriminatedUnion('intent', [
  z.object({ intent: z.literal('create'), name: keyName }),
  z.object({ intent: z.literal('revoke'), id: z.string() }),
])

export const meta = () => pageTitle('API keys')

export async function loader({ request }: LoaderFunctionArgs) {
  const user = await requireUser(request)
  const { searchParams } = new URL(request.url)
  const keys = (await listApiKeys(user._id)).map(({ id, name, prefix, createdAt, lastUsedAt }) => ({
    id,
    name,
    prefix,
    createdAt: formatDate(createdAt, user.timeZone),
    lastUsedAt: lastUsedAt && formatDateTime(lastUsedAt, user.timeZone),
  }))
  return {
    keys,
    refusal: keyRefusal(user),
    toRevoke:
      searchParams.get('intent') === 'revoke' ? keys.find(({ id }) => id === searchParams.get('id')) : undefined,
    revoked: await findRevokedName(user._id, searchParams.get('revoked')),
  }
}

export async function action({ request }: ActionFunctionArgs) {
  const user = await requireUser(request)
  const submission = parseWithZod(await readFormData(request), { schema: keyForm })
  if (submission.status !== 'success') return invalidForm(submission)
  try {
    if (submission.value.intent === 'revoke') {
      const { id } = submission.value
      await revokeApiKey(user._id, id)
      return redirect(withSearch('/settings/api-keys', { revoked: id }))
    }
    const { key } = await createApiKey(user._id, submission.value.name)
    const saved = savedForm(submission, { empty: true })
    // The only answer that carries the key, so no cache may keep it.
    return data({ ...saved.data, key }, { headers: { 'Cache-Control': 'no-store' } })
  } catch (error) {
    return refusedForm(submission, error)
  }
}

export default function ApiKeySettings() {
  const { keys, refusal, toRevoke, revoked } = useLoaderData<typeof loader>()
  const answer = useActionData<typeof action>()
  const newKey = answer && 'key' in answer && typeof answer.key === 'string' ? answer.key : null
  return (
    <>
      {revoked && !newKey ? (
        <div role="status">
          <Banner tone="green">{`“${revoked}” is revoked. Programs that use it stop working within seconds.`}</Banner>
        </div>
      ) : null}
      {toRevoke ? <RevokeKey apiKey={toRevoke} /> : null}
      <Section
        id="new-key-title"
        title="New API key"
        lead="Send it in the Authorization header: “Bearer sk_scrip_…”. It can spend your credits, so treat it like a password."
      >
        {newKey ? <NewKey value={newKey} /> : null}
        {refusal ? <EmptyState next={refusal.wayOut}>{refusal.message}</EmptyState> : <CreateKey answer={answer} />}
      </Section>
      <Section id="keys-title" title="Your API keys">
        <ApiKeyTable keys={keys} labelledBy="keys-title" />
      </Section>
    </>
  )
}

function CreateKey({ answer }: { answer: ReturnType<typeof useActionData<typeof action>> }) {
  const { form, field, errors } = useServerForm<'name'>('new-key', answer)
  const hidden = { intent: 'create' }
  return (
    <ServerForm form={form} errors={errors} hidden={hidden} submit="Create key" className="max-w-column">
      <Field label="Name" hint="For example, Nightly report" required {...field('name')} />
    </ServerForm>
  )
}
