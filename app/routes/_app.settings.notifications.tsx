import { parseWithZod } from '@conform-to/zod/v4'
import type { ActionFunctionArgs, LoaderFunctionArgs } from '@remix-run/node'
import { useActionData, useLoaderData } from '@remix-run/react'
import { requireUser } from '#app/auth/require-user.server.ts'
import { Checkbox, Field } from '#app/components/field.tsx'
import { pageTitle } from '#app/components/page-title.ts'
import { Section } from '#app/components/page.tsx'
import { ServerForm } from '#app/components/server-form.tsx'
import { invalidForm, savedForm } from '#app/http/form-failure.server.ts'
import { readFormData } from '#app/http/read-form-data.server.ts'
import { useServerForm } from '#app/http/use-server-form.ts'
import { saveSettings, settingsOf } from '#app/notifications/settings.server.ts'
import { settingsForm } from '#app/notifications/settings-form.server.ts'
import type { OptionalMail } from '#app/notifications/settings.ts'

export const meta = () => pageTitle('Notifications')

export async function loader({ request }: LoaderFunctionArgs) {
  const user = await requireUser(request)
  return { email: user.email, settings: settingsOf(user) }
}

export async function action({ request }: ActionFunctionArgs) {
  const user = await requireUser(request)
  const submission = parseWithZod(await readFormData(request), { schema: settingsForm })
  if (submission.status !== 'success') return invalidForm(submission)
  await saveSettings(user._id, submission.value)
  return savedForm(submission)
}

export default function NotificationSettings() {
  const { email, settings } = useLoaderData<typeof loader>()
  const answer = useActionData<typeof action>()
  const { form, field, errors } = useServerForm<OptionalMail | 'creditsLowThreshold'>('notifications', answer, {
    creditsLowThreshold: String(settings.creditsLowThreshold),
  })
  // A rejected form keeps what was chosen in it.
  const rejected = answer?.saved === false
  const check = (name: OptionalMail) => ({
    name,
    asSwitch: true,
    defaultChecked: rejected ? field(name).defaultValue === 'on' : settings[name],
  })
  return (
    <Section id="notifications-title" title="Notifications" lead={`Emails are sent to ${email}.`}>
      <ServerForm form={form} errors={errors} submit="Save" isSaved={answer?.saved === true} className="max-w-column">
        <Checkbox label="Credits are low" {...check('creditsLow')} />
        <Field
          label="Alert me below"
          hint="In credits. One email each time your balance falls below this."
          inputMode="numeric"
          autoComplete="off"
          required
          {...field('creditsLowThreshold')}
        />
        <Checkbox
          label="Credits have arrived"
          hint="When credits are added without a payment, such as the monthly credits of a yearly plan."
          {...check('creditsArrived')}
        />
        <Checkbox label="A trial is about to end" {...check('trialEnding')} />
        <p className="text-ink-2">Emails about receipts, failed payments and plan changes are always sent.</p>
      </ServerForm>
    </Section>
  )
}
