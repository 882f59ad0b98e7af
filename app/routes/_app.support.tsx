import { parseWithZod } from '@conform-to/zod/v4'
import type { ActionFunctionArgs, LoaderFunctionArgs } from '@remix-run/node'
import { Form, useActionData, useLoaderData } from '@remix-run/react'
import { takeTry } from '#app/auth/rate-limit.server.ts'
import { requirePageFeature } from '#app/auth/plan-guards.server.ts'
import { Banner } from '#app/components/banner.tsx'
import { Button } from '#app/components/button.tsx'
import { ErrorSummary } from '#app/components/error-summary.tsx'
import { Field, TextArea } from '#app/components/field.tsx'
import { pageTitle } from '#app/components/page-title.ts'
import { Page } from '#app/components/page.tsx'
import { useSubmitting } from '#app/components/use-submitting.ts'
import { invalidForm, refusedForm, savedForm } from '#app/http/form-failure.server.ts'
import { useServerForm } from '#app/http/use-server-form.ts'
import { questionForm } from '#app/support/question.ts'
import { sendQuestion } from '#app/support/send-question.server.ts'

export const meta = () => pageTitle('Support')

export async function loader({ request }: LoaderFunctionArgs) {
  const { email } = await requirePageFeature(request, 'prioritySupport')
  return { email }
}

export async function action({ request }: ActionFunctionArgs) {
  const user = await requirePageFeature(request, 'prioritySupport')
  const submission = parseWithZod(await request.formData(), { schema: questionForm })
  if (submission.status !== 'success') return invalidForm(submission)
  try {
    await takeTry('support', user._id.toHexString())
    await sendQuestion(user, submission.value)
    return savedForm(submission, { empty: true })
  } catch (error) {
    return refusedForm(submission, error)
  }
}

export default function Support() {
  const { email } = useLoaderData<typeof loader>()
  const answer = useActionData<typeof action>()
  const { form, field, errors } = useServerForm<'subject' | 'question'>('support', answer)
  const busy = useSubmitting()
  return (
    <Page
      title="Support"
      lead={`Your questions are answered first. The answer comes to ${email}.`}
      width="text"
      notices={answer?.saved ? <Banner tone="green">Your question is on its way.</Banner> : null}
    >
      <Form method="post" {...form} className="grid gap-6">
        <ErrorSummary errors={errors} />
        <Field label="Subject" required {...field('subject')} />
        <TextArea label="Question" rows={8} required {...field('question')} />
        <div>
          <Button busy={busy}>Send</Button>
        </div>
      </Form>
    </Page>
  )
}
