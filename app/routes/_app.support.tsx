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
import { RateLimited } from '#app/http/errors.ts'
import { invalidForm, refusedForm, savedForm } from '#app/http/form-failure.server.ts'
import { readFormData } from '#app/http/read-form-data.server.ts'
import { useServerForm } from '#app/http/use-server-form.ts'
import { questionForm } from '#app/support/question.ts'
import { sendQuestion } from '#app/support/send-question.server.ts'

export const meta = () => pageTitle('Support')

const NONCE = /^[0-9a-f-]{36}$/

export async function loader({ request }: LoaderFunctionArgs) {
  const { email } = await requirePageFeature(request, 'prioritySupport')
  return { email, nonce: crypto.randomUUID() }
}

export async function action({ request }: ActionFunctionArgs) {
  const user = await requirePageFeature(request, 'prioritySupport')
  const form = await readFormData(request)
  const submission = parseWithZod(form, { schema: questionForm })
  if (submission.status !== 'success') return invalidForm(submission)
  try {
    if (!(await isFirstPress(user, form.get('nonce')))) return savedForm(submission, { empty: true })
    await takeTry('support', user._id.toHexString())
    await sendQuestion(user, submission.value)
    return savedForm(submission, { empty: true })
  } catch (error) {
    return refusedForm(submission, error)
  }
}

/** Without JavaScript nothing keeps a hand from pressing twice; a form without its nonce counts as pressed once. */
async function isFirstPress({ _id }: { _id: { toHexString: () => string } }, nonce: unknown): Promise<boolean> {
  if (typeof nonce !== 'string' || !NONCE.test(nonce)) return true
  try {
    await takeTry('supportForm', `${_id.toHexString()}:${nonce}`)
    return true
  } catch (error) {
    if (error instanceof RateLimited) return false
    throw error
  }
}

export default function Support() {
  const { email, nonce } = useLoaderData<typeof loader>()
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
        <input type="hidden" name="nonce" value={nonce} />
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
