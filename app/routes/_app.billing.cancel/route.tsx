import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction, redirect } from '@remix-run/node'
import { Form, useActionData, useLoaderData } from '@remix-run/react'
import { requireUser } from '#app/auth/require-user.server.ts'
import { z } from 'zod'
import { type CancelFeedback, cancelAtPeriodEnd } from '#app/billing/plan-changes/cancel.server.ts'
import { cancelUnpaid, openPaymentOf, payAndCancel } from '#app/billing/dunning/cancel-unpaid.server.ts'
import { NoSubscription, PaymentOwed } from '#app/billing/errors.ts'
import { featuresBeyondFree } from '#app/billing/entitlements/entitlements.ts'
import { mayOwe } from '#app/billing/subscriptions/amount-due.server.ts'
import { isOverdue } from '#app/billing/subscriptions/subscription-state.ts'
import { now } from '#app/clock.server.ts'
import { Button, ButtonLink } from '#app/components/button.tsx'
import { ErrorSummary } from '#app/components/error-summary.tsx'
import { Page } from '#app/components/page.tsx'
import { pageTitle } from '#app/components/page-title.ts'
import { RadioCards } from '#app/components/radio-cards.tsx'
import { useSubmitting } from '#app/components/use-submitting.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import { lossesAhead } from '#app/credits/losses.ts'
import { formatDay } from '#app/format.ts'
import { problemAnswer, refuseVisit } from '#app/http/form-failure.server.ts'
import { readFormData } from '#app/http/read-form-data.server.ts'
import { stillCharged } from '#app/wording/payment-words.ts'
import { keptSentence } from '#app/wording/rollover-words.ts'
import { currentPlanStatus } from '#app/plan-status/current-plan-status.server.ts'
import type { User } from '#models/user.server.ts'
import { OwedChoice, OwedConfirmation } from './owed-choice.tsx'
import { toOwedView, type Way } from './owed-view.ts'

export const meta: MetaFunction<typeof loader> = ({ data: page }) => pageTitle(page ? `Cancel ${page.plan}` : 'Cancel')

/** The values are Stripe's, so that its reports can count them. */
const REASONS: { value: CancelFeedback; label: string }[] = [
  { value: 'too_expensive', label: 'It costs too much' },
  { value: 'unused', label: 'I do not use it enough' },
  { value: 'missing_features', label: 'It is missing a feature I need' },
  { value: 'switched_service', label: 'I switched to another service' },
  { value: 'other', label: 'Another reason' },
]

const WAYS: readonly string[] = ['now', 'pay'] satisfies Way[]

export async function loader({ request }: LoaderFunctionArgs) {
  const user = await requireUser(request)
  const { timeZone, subscription } = user
  const balance = await getBalance(user._id)
  const standing = currentPlanStatus(user, balance)
  // Without another renewal only credits with a date of their own expire.
  const losses = lossesAhead(balance, { now: now(), renewsAt: null })
  const owes = isOverdue(subscription?.status ?? '')
  if (!standing.isLive) throw redirect('/billing?done=no-plan')
  // The billing page says when it ends, and how to keep it.
  if (subscription?.cancelAtPeriodEnd && !owes) throw redirect('/billing')
  const search = new URL(request.url).searchParams
  const open = search.has('owed') || (await mayOwe(user, now())) ? await openPayment(user) : null
  const choice = search.get('choice') ?? ''
  const { nextPayment: next = null, currentPeriodEnd: end = null } = subscription ?? {}
  return {
    plan: standing.plan,
    endsOn: subscription?.currentPeriodEnd ? formatDay(subscription.currentPeriodEnd, timeZone, now()) : null,
    kept: keptSentence(balance.credits, losses, { timeZone, now: now() }),
    charged: next && end && next.at < end ? stillCharged(next, formatDay(next.at, timeZone, now())) : null,
    owed:
      open &&
      toOwedView(open, {
        ...{ plan: standing.plan, features: featuresBeyondFree(standing.plan) },
        ...{ credits: balance.credits, losses, timeZone, now: now() },
      }),
    choice: WAYS.includes(choice) ? (choice as Way) : null,
    nonce: crypto.randomUUID(),
  }
}

async function openPayment(user: User) {
  return openPaymentOf(user).catch((error: unknown) => {
    if (error instanceof NoSubscription) throw redirect('/billing?done=no-plan')
    return refuseVisit(error)
  })
}

const order = z.object({
  choice: z.enum(['now', 'pay']).optional(),
  amount: z.coerce.number().int().catch(0),
  nonce: z.string().min(8).max(100).optional(),
  reason: z.enum(['too_expensive', 'unused', 'missing_features', 'switched_service', 'other']).nullish().catch(null),
})

export async function action({ request }: ActionFunctionArgs) {
  const user = await requireUser(request)
  const parsed = order.safeParse(Object.fromEntries(await readFormData(request)))
  if (!parsed.success) return data({ problem: 'That did not work. Try again.' }, { status: 400 })
  const { choice, amount, nonce = crypto.randomUUID(), reason: feedback = null } = parsed.data
  try {
    if (choice === 'pay') {
      const paid = await payAndCancel(user, { nonce, amount, feedback })
      if (paid.state === 'payment-needed') return redirect(paid.url ?? '/billing/update-card')
    } else if (choice === 'now') {
      const { state } = await cancelUnpaid(user, { feedback })
      return redirect(`/billing?done=${state}`)
    } else await cancelAtPeriodEnd(user, { feedback })
  } catch (error) {
    // The page did not show the amount due: nothing was canceled, and the page says why.
    if (error instanceof PaymentOwed) return redirect('/billing/cancel?owed=1')
    // The first of two presses has canceled it.
    if (error instanceof NoSubscription && choice === 'now') return redirect('/billing?done=ended')
    return problemAnswer(error)
  }
  return redirect('/billing')
}

export default function CancelPlan() {
  const { plan, endsOn, kept, charged, owed, choice, nonce } = useLoaderData<typeof loader>()
  const problem = useActionData<typeof action>()?.problem
  const busy = useSubmitting()
  const reasons = <RadioCards legend="Why are you canceling? (optional)" name="reason" cards={REASONS} isOptional />
  if (owed) {
    return (
      <Page title={`Cancel ${plan}`} width="text">
        <ErrorSummary errors={problem ? [{ message: problem }] : []} />
        {choice && owed.ways[choice] ? (
          <OwedConfirmation owed={owed} way={choice} nonce={nonce}>
            {reasons}
          </OwedConfirmation>
        ) : (
          <OwedChoice plan={plan} owed={owed} />
        )}
      </Page>
    )
  }
  return (
    <Page title={`Cancel ${plan}`} width="text">
      <Form method="post" className="grid gap-8">
        <ErrorSummary errors={problem ? [{ message: problem }] : []} />
        <ul className="grid gap-2">
          <li>{endsOn ? `${plan} stays active until ${endsOn}.` : `${plan} ends.`}</li>
          <li>{kept}</li>
          <li>
            {charged
              ? `No new credits will be added. ${charged}`
              : 'No new credits will be added, and you are not charged again.'}
          </li>
          <li>You can undo this any time before then.</li>
        </ul>
        {reasons}
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
