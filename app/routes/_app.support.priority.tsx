import type { ActionFunctionArgs, LoaderFunctionArgs } from '@remix-run/node'
import { useActionData, useLoaderData } from '@remix-run/react'
import { requirePageFeature } from '#app/auth/plan-guards.server.ts'
import { Banner } from '#app/components/banner.tsx'
import { pageTitle } from '#app/components/page-title.ts'
import { Page } from '#app/components/page.tsx'
import { QUESTION_SENT, QuestionForm } from '#app/components/question-form.tsx'
import { answerQuestion } from '#app/support/answer-question.server.ts'

export const meta = () => pageTitle('Priority support')

/** For plans with priority support; everyone else writes at /support. */
export async function loader({ request }: LoaderFunctionArgs) {
  const { email } = await requirePageFeature(request, 'prioritySupport')
  return { email, nonce: crypto.randomUUID() }
}

export async function action({ request }: ActionFunctionArgs) {
  return answerQuestion(request, await requirePageFeature(request, 'prioritySupport'), { isPriority: true })
}

export default function PrioritySupport() {
  const { email, nonce } = useLoaderData<typeof loader>()
  const answer = useActionData<typeof action>()
  return (
    <Page
      title="Priority support"
      lead={`Your questions are answered first. We reply to ${email}.`}
      width="text"
      notices={answer?.saved ? <Banner tone="green">{QUESTION_SENT}</Banner> : null}
    >
      <QuestionForm nonce={nonce} answer={answer} />
    </Page>
  )
}
