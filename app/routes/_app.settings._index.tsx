import { parseWithZod } from '@conform-to/zod/v4'
import type { ActionFunctionArgs, LoaderFunctionArgs } from '@remix-run/node'
import { useActionData, useLoaderData } from '@remix-run/react'
import { profileForm } from '#app/auth/profile.ts'
import { updateProfile } from '#app/auth/profile.server.ts'
import { zonesWith } from '#app/auth/time-zone.ts'
import { requireUser } from '#app/auth/require-user.server.ts'
import { Badge } from '#app/components/badge.tsx'
import { Field, Select } from '#app/components/field.tsx'
import { pageTitle } from '#app/components/page-title.ts'
import { Section } from '#app/components/page.tsx'
import { ThemeSwitch } from '#app/components/theme-switch.tsx'
import { TextLink } from '#app/components/text-link.tsx'
import { ServerForm } from '#app/components/server-form.tsx'
import { CONFIRM_PATH } from '#app/email-confirmation/confirm-path.ts'
import { invalidForm, savedForm } from '#app/http/form-failure.server.ts'
import { readFormData } from '#app/http/read-form-data.server.ts'
import { useServerForm } from '#app/http/use-server-form.ts'

export const meta = () => pageTitle('Profile')

export async function loader({ request }: LoaderFunctionArgs) {
  const { email, emailConfirmedAt, name, timeZone } = await requireUser(request)
  return { email, isConfirmed: Boolean(emailConfirmedAt), name, timeZone, timeZones: zonesWith(timeZone) }
}

export async function action({ request }: ActionFunctionArgs) {
  const user = await requireUser(request)
  const submission = parseWithZod(await readFormData(request), { schema: profileForm })
  if (submission.status !== 'success') return invalidForm(submission)
  await updateProfile(user._id, submission.value)
  return savedForm(submission)
}

export default function ProfileSettings() {
  const { email, isConfirmed, name, timeZone, timeZones } = useLoaderData<typeof loader>()
  const answer = useActionData<typeof action>()
  const { form, field, errors } = useServerForm<'name' | 'timeZone'>('profile', answer, { name, timeZone })
  return (
    <>
      <Section id="profile-title" title="Profile">
        <ServerForm form={form} errors={errors} submit="Save" isSaved={answer?.saved === true} className="max-w-column">
          <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
            <span>
              Email <strong className="wrap-anywhere">{email}</strong>
            </span>
            {isConfirmed ? (
              <Badge tone="green">Confirmed</Badge>
            ) : (
              <>
                <Badge tone="ochre">Not confirmed</Badge>
                <TextLink to={CONFIRM_PATH}>Confirm it</TextLink>
              </>
            )}
          </p>
          <Field label="Name" autoComplete="name" optional {...field('name')} />
          <Select label="Time zone" hint="Used for dates and times." {...field('timeZone')}>
            {timeZones.map((zone) => (
              <option key={zone} value={zone}>
                {zone.replaceAll('_', ' ')}
              </option>
            ))}
          </Select>
        </ServerForm>
      </Section>
      <Section id="theme-title" title="Theme">
        <ThemeSwitch />
      </Section>
    </>
  )
}
