import { parseWithZod } from '@conform-to/zod/v4'
import { type ActionFunctionArgs, type LoaderFunctionArgs, redirect } from '@remix-run/node'
import { Form, useActionData, useLoaderData } from '@remix-run/react'
import { listApiKeys } from '#app/auth/api-key.server.ts'
import { ApiKeyNotFound } from '#app/auth/errors.ts'
import { requireUser } from '#app/auth/require-user.server.ts'
import { now } from '#app/clock.server.ts'
import { Button } from '#app/components/button.tsx'
import { Field } from '#app/components/field.tsx'
import { pageTitle } from '#app/components/page-title.ts'
import { Section } from '#app/components/page.tsx'
import { ServerForm } from '#app/components/server-form.tsx'
import { useSubmitting } from '#app/components/use-submitting.ts'
import { freezeSpending, unfreezeSpending } from '#app/credits/freeze.server.ts'
import { livePorts } from '#app/credits/ports.server.ts'
import { readAccount } from '#app/credits/recorded.server.ts'
import { setSpendingCap } from '#app/credits/set-spending-cap.server.ts'
import { formatHour } from '#app/format.ts'
import { invalidForm, refusedForm, savedForm } from '#app/http/form-failure.server.ts'
import { readFormData } from '#app/http/read-form-data.server.ts'
import { useServerForm } from '#app/http/use-server-form.ts'
import { capsForm } from './caps-form.ts'
import { capsView } from './caps-view.ts'

export const meta = () => pageTitle('Spending')

export async function loader({ request }: LoaderFunctionArgs) {
  const user = await requireUser(request)
  const [{ freezes, spendingCaps = {} }, keys] = await Promise.all([
    readAccount(livePorts, user._id),
    listApiKeys(user._id),
  ])
  const at = now()
  const midnight = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate()))
  return {
    isPaused: freezes.includes('paused_by_owner'),
    midnight: user.timeZone === 'UTC' ? null : formatHour(midnight, user.timeZone),
    account: capsView(spendingCaps, undefined, at, user.timeZone),
    keys: keys
      .filter(({ scopes, isRotated }) => scopes.includes('spend') && !isRotated)
      .map(({ name, prefix, spender }) => ({
        ...{ name, prefix, spender },
        ...capsView(spendingCaps, spender, at, user.timeZone),
      })),
  }
}

export async function action({ request }: ActionFunctionArgs) {
  const user = await requireUser(request)
  const form = await readFormData(request)
  const intent = form.get('intent')
  if (intent === 'pause' || intent === 'resume') {
    const change = intent === 'pause' ? freezeSpending : unfreezeSpending
    await change(user._id, 'paused_by_owner')
    return redirect('/settings/spending')
  }
  const submission = parseWithZod(form, { schema: capsForm })
  if (submission.status !== 'success') return invalidForm(submission)
  const { day, month, key } = submission.value
  try {
    const isOwn = key === undefined || (await listApiKeys(user._id)).some(({ spender }) => spender === key)
    if (!isOwn) throw new ApiKeyNotFound()
    await setSpendingCap(user._id, 'day', day, { spender: key })
    await setSpendingCap(user._id, 'month', month, { spender: key })
    return savedForm(submission)
  } catch (error) {
    return refusedForm(submission, error)
  }
}

export default function SpendingSettings() {
  const { isPaused, midnight, account, keys } = useLoaderData<typeof loader>()
  const local = midnight ? `, which is ${midnight} for you` : ''
  const intent = isPaused ? 'resume' : 'pause'
  const busy = useSubmitting({ intent })
  return (
    <>
      <Section
        id="pause-title"
        title={isPaused ? 'Spending is paused' : 'Pause all spending'}
        lead={
          isPaused
            ? 'Nothing can be spent, in the app or over the API, until you resume it. Your plan continues, and credits still arrive.'
            : 'Refuses every spend at once, in the app and over the API. What is running finishes. Your plan continues, and credits still arrive.'
        }
      >
        <Form method="post">
          <input type="hidden" name="intent" value={intent} />
          <Button kind={isPaused ? 'ink' : 'outline'} busy={busy}>
            {isPaused ? 'Resume spending' : 'Pause spending'}
          </Button>
        </Form>
      </Section>
      <Section
        id="caps-title"
        title="Spending caps"
        lead={`A spend that would pass a cap is refused, in the app and over the API. Days and months begin at midnight UTC${local}.`}
      >
        <CapsForm {...account} />
      </Section>
      {keys.length > 0 ? (
        <Section
          id="key-caps-title"
          title="Caps of API keys"
          lead="Each key can have its own cap, which counts from when it is set. A key that replaces another one shares its caps."
        >
          {keys.map((key) => (
            <KeyCaps key={key.spender} {...key} />
          ))}
        </Section>
      ) : null}
    </>
  )
}

type Caps = ReturnType<typeof capsView>

/** The answer to the form of these caps, not to another one of the page. */
function useCapsAnswer(spender?: string) {
  const answer = useActionData<typeof action>()
  return answer?.result.initialValue?.key === spender ? answer : undefined
}

function KeyCaps({ name, prefix, spender, ...caps }: Caps & Record<'name' | 'prefix' | 'spender', string>) {
  return (
    <details open={useCapsAnswer(spender) !== undefined} className="rounded-sheet border border-rule bg-sheet p-4">
      <summary className="cursor-pointer">
        {name} <span className="text-ink-2">{prefix}…</span>
      </summary>
      <div className="mt-4">
        <CapsForm {...caps} spender={spender} />
      </div>
    </details>
  )
}

/** `spender`: the API key whose caps they are. */
function CapsForm({ day, month, spender }: Caps & { spender?: string }) {
  const answer = useCapsAnswer(spender)
  const defaults = { day: day.max, month: month.max }
  const { form, field, errors } = useServerForm<'day' | 'month'>(spender ? `caps-${spender}` : 'caps', answer, defaults)
  const idOf = (name: string) => (spender ? `${spender}-${name}` : name)
  const common = { inputMode: 'numeric', autoComplete: 'off', optional: true } as const
  return (
    <ServerForm
      form={form}
      errors={errors.map((error) => ({ ...error, field: error.field && idOf(error.field) }))}
      hidden={{ intent: 'caps', ...(spender && { key: spender }) }}
      submit="Save"
      isSaved={answer?.saved === true}
      className="max-w-column"
    >
      <Field label="Credits a day" hint={day.hint} {...common} {...field('day')} id={idOf('day')} />
      <Field label="Credits a month" hint={month.hint} {...common} {...field('month')} id={idOf('month')} />
    </ServerForm>
  )
}
