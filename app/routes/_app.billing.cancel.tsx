import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction, redirect } from '@remix-run/node'
import { Form, useActionData, useLoaderData } from '@remix-run/react'
import { requireUser } from '#app/auth/require-user.server.ts'
import { type CancelFeedback, cancelAtPeriodEnd } from '#app/billing/cancel.server.ts'
import { now } from '#app/clock.server.ts'
import { Button, ButtonLink } from '#app/components/button.tsx'
import { ErrorSummary } from '#app/components/error-summary.tsx'
import { Page } from '#app/components/page.tsx'
import { pageTitle } from '#app/components/page-title.ts'
import { RadioCards } from '#app/components/radio-cards.tsx'
import { useSubmitting } from '#app/components/use-submitting.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import { DomainError } from '#app/domain-error.ts'
import { formatCreditsInWords, formatDay } from '#app/format.ts'
import { STATUS_OF_CODE } from '#app/http/error-status.ts'
import { readFormData } from '#app/http/read-form-data.server.ts'
import { standingNow } from '#app/standing.server.ts'

export const meta: MetaFunction<typeof loader> = ({ data: page }) => pageTitle(page ? `Cancel ${page.plan}` : 'Cancel')

/** The words of Stripe's own list, so that its reports can count them. */
const REASONS: { value: CancelFeedback; label: string }[] = [
  { value: 'too_expensive', label: 'It costs too much' },
  { value: 'unused', label: 'I do not use it enough' },
  { value: 'missing_features', label: 'It lacks something I need' },
  { value: 'switched_service', label: 'I use something else now' },
  { value: 'other', label: 'Another reason' },
]

export async function loader({ request }: LoaderFunctionArgs) {
  const user = await requireUser(request)
  const { timeZone, subscription } = user
  const balance = await getBalance(user._id)
  const standing = standingNow(user, balance)
  if (!standing.isLive || subscription?.cancelAtPeriodEnd) throw redirect('/billing')
  return {
    plan: standing.plan,
    endsOn: subscription?.currentPeriodEnd ? formatDay(subscription.currentPeriodEnd, timeZone, now()) : null,
    credits: balance.credits > 0 ? formatCreditsInWords(balance.credits) : null,
  }
}

export async function action({ request }: ActionFunctionArgs) {
  const user = await requireUser(request)
  const reason = (await readFormData(request)).get('reason')
  const feedback = REASONS.find(({ value }) => value === reason)?.value ?? null
  try {
    await cancelAtPeriodEnd(user, { feedback })
  } catch (error) {
    if (!(error instanceof DomainError)) throw error
    return data({ problem: error.message }, { status: STATUS_OF_CODE[error.code] ?? 409 })
  }
  return redirect('/billing')
}

export default function CancelPlan() {
  const { plan, endsOn, credits } = useLoaderData<typeof loader>()
  const problem = useActionData<typeof action>()?.problem
  const busy = useSubmitting()
  return (
    <Page title={`Cancel ${plan}`} width="text">
      <Form method="post" className="grid gap-8">
        <ErrorSummary errors={problem ? [{ message: problem }] : []} />
        <ul className="grid gap-2">
          <li>{endsOn ? `${plan} runs to its end on ${endsOn}. Nothing changes before that day.` : `${plan} ends.`}</li>
          <li>{credits ? `Your ${credits} stay yours, also after it.` : 'Credits you buy later stay yours.'}</li>
          <li>No new credits will come, and nothing more is charged.</li>
          <li>Until then you can change your mind with one press.</li>
        </ul>
        <RadioCards legend="Why do you leave? (optional)" name="reason" cards={REASONS} isOptional />
        <div className="grid gap-3 sm:flex">
          <Button kind="red" busy={busy}>
            {endsOn ? `Cancel on ${endsOn}` : `Cancel ${plan}`}
          </Button>
          <ButtonLink to="/billing" kind="outline">
            Keep {plan}
          </ButtonLink>
        </div>
      </Form>
    </Page>
  )
}
