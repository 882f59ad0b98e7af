import { parseWithZod } from '@conform-to/zod/v4'
import { type ActionFunctionArgs, type LoaderFunctionArgs, redirect } from '@remix-run/node'
import { Form, useActionData, useLoaderData } from '@remix-run/react'
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
import { capView } from './caps-view.ts'

export const meta = () => pageTitle('Spending')

export async function loader({ request }: LoaderFunctionArgs) {
  const user = await requireUser(request)
  const { freezes, spendingCaps = {} } = await readAccount(livePorts, user._id)
  const at = now()
  const midnight = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate()))
  return {
    isPaused: freezes.includes('paused_by_owner'),
    midnight: user.timeZone === 'UTC' ? null : formatHour(midnight, user.timeZone),
    day: capView('day', spendingCaps.day, at, user.timeZone),
    month: capView('month', spendingCaps.month, at, user.timeZone),
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
  try {
    await setSpendingCap(user._id, 'day', submission.value.day)
    await setSpendingCap(user._id, 'month', submission.value.month)
    return savedForm(submission)
  } catch (error) {
    return refusedForm(submission, error)
  }
}

export default function SpendingSettings() {
  const { isPaused } = useLoaderData<typeof loader>()
  const intent = isPaused ? 'resume' : 'pause'
  const busy = useSubmitting({ intent })
  return (
    <>
      <Section
        id="pause-title"
        title={isPaused ? 'Spending is paused' : 'Pause all spending'}
        lead={
          isPaused
            ? 'Nothing can be spent, in the app or over the API, until you resume it. Your plan goes on and credits still arrive.'
            : 'Refuses every spend at once, in the app and over the API. What is running finishes. Your plan goes on and credits still arrive.'
        }
      >
        <Form method="post">
          <input type="hidden" name="intent" value={intent} />
          <Button kind={isPaused ? 'ink' : 'outline'} busy={busy}>
            {isPaused ? 'Resume spending' : 'Pause spending'}
          </Button>
        </Form>
      </Section>
      <Caps />
    </>
  )
}

function Caps() {
  const { day, month, midnight } = useLoaderData<typeof loader>()
  const answer = useActionData<typeof action>()
  const { form, field, errors } = useServerForm<'day' | 'month'>('caps', answer, { day: day.max, month: month.max })
  const local = midnight ? `, which is ${midnight} for you` : ''
  return (
    <Section
      id="caps-title"
      title="Spending caps"
      lead={`A spend that would pass a cap is refused, in the app and over the API. Days and months begin at midnight UTC${local}.`}
    >
      <ServerForm
        form={form}
        errors={errors}
        hidden={{ intent: 'caps' }}
        submit="Save"
        isSaved={answer?.saved === true}
        className="max-w-column"
      >
        <Field
          label="Credits a day"
          hint={day.hint}
          inputMode="numeric"
          autoComplete="off"
          optional
          {...field('day')}
        />
        <Field
          label="Credits a month"
          hint={month.hint}
          inputMode="numeric"
          autoComplete="off"
          optional
          {...field('month')}
        />
      </ServerForm>
    </Section>
  )
}
