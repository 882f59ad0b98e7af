import { type ActionFunctionArgs, type LoaderFunctionArgs, redirect } from '@remix-run/node'
import { useActionData, useLoaderData } from '@remix-run/react'
import { findUser, requireUser } from '#app/auth/require-user.server.ts'
import { isPaused } from '#app/billing/entitlements/entitlements.ts'
import { planOf } from '#app/billing/entitlements/current-plan.ts'
import { plans } from '#app/billing/plans.ts'
import { now } from '#app/clock.server.ts'
import { Banner } from '#app/components/banner.tsx'
import { pageTitle } from '#app/components/page-title.ts'
import { Page } from '#app/components/page.tsx'
import { QUESTION_SENT, QuestionForm } from '#app/components/question-form.tsx'
import { VisitorFrame } from '#app/components/visitor-frame.tsx'
import { TextLink } from '#app/components/text-link.tsx'
import { config } from '#app/config.server.ts'
import { frameOf } from '#app/auth/signed-in-frame.server.ts'
import { answerQuestion } from '#app/support/answer-question.server.ts'

export const meta = () => pageTitle('Support')

/** Signed-in users get a form, visitors the address. */
export async function loader({ request }: LoaderFunctionArgs) {
  const user = await findUser(request)
  if (user && planOf(user.subscription).features.prioritySupport && !isPaused(user, now())) {
    throw redirect('/support/priority')
  }
  const first = plans.filter(({ features }) => features.prioritySupport).map(({ name }) => name)
  return {
    frame: user && (await frameOf(user)),
    sandboxUrl: config().sandboxUrl,
    address: config().supportAddress,
    answeredFirst: first.length > 0 ? new Intl.ListFormat('en').format(first) : null,
    nonce: crypto.randomUUID(),
  }
}

export async function action({ request }: ActionFunctionArgs) {
  return answerQuestion(request, await requireUser(request), { isPriority: false })
}

export default function Support() {
  const { frame, sandboxUrl, address, answeredFirst, nonce } = useLoaderData<typeof loader>()
  const answer = useActionData<typeof action>()
  return (
    <VisitorFrame frame={frame} sandboxUrl={sandboxUrl}>
      <Page
        title="Support"
        lead={frame ? `We reply to ${frame.email}.` : 'Email us, or log in to use the form.'}
        width="text"
        notices={answer?.saved ? <Banner tone="green">{QUESTION_SENT}</Banner> : null}
      >
        {frame ? (
          <QuestionForm nonce={nonce} answer={answer} />
        ) : (
          <p>
            <a className="link" href={`mailto:${address}`}>
              {address}
            </a>
            {' · '}
            <TextLink to="/login?redirectTo=%2Fsupport">Log in</TextLink>
          </p>
        )}
        {frame && answeredFirst ? (
          <p className="text-ink-2">
            Questions from {answeredFirst} are answered first.{' '}
            <TextLink to="/support/priority">See priority support</TextLink>
          </p>
        ) : null}
      </Page>
    </VisitorFrame>
  )
}
