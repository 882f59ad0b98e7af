import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction, redirect } from '@remix-run/node'
import { useActionData, useLoaderData, useSearchParams } from '@remix-run/react'
import { consumeAttempt } from '#app/auth/rate-limit.server.ts'
import { requireUser } from '#app/auth/require-user.server.ts'
import { findPaymentsBehind } from '#app/billing/purchases/grant-payments.server.ts'
import { listShownPurchases, toHistoryView } from '#app/billing/purchases/list-history.server.ts'
import { recentDuplicates } from '#app/billing/checkout/recent-duplicates.ts'
import { packsInWords } from '#app/billing/catalog/pack-offers.ts'
import { PackNotSpendable } from '#app/billing/errors.ts'
import { billingDetailsOf } from '#app/billing/billing-details/billing-details.server.ts'
import { isOverdue } from '#app/billing/subscriptions/subscription-state.ts'
import { now } from '#app/clock.server.ts'
import { Banner } from '#app/components/banner.tsx'
import { BillingHistoryTable } from '#app/components/billing-history-table.tsx'
import { classNames } from '#app/components/class-names.ts'
import { ErrorSummary } from '#app/components/error-summary.tsx'
import { Page, Section } from '#app/components/page.tsx'
import { pageTitle } from '#app/components/page-title.ts'
import { PlanNotices } from '#app/components/standing-notices.tsx'
import { TextLink } from '#app/components/text-link.tsx'
import { getBalance } from '#app/credits/balance.server.ts'
import { duplicateInWords } from '#app/wording/duplicate-words.ts'
import { toHistoryRows } from '#app/plan-status/history-rows.ts'
import { confirmPath } from '#app/email-confirmation/confirm-path.ts'
import { EmailNotConfirmed } from '#app/email-confirmation/errors.ts'
import { problemAnswer } from '#app/http/form-failure.server.ts'
import { readFormData } from '#app/http/read-form-data.server.ts'
import { currentPlanStatus } from '#app/plan-status/current-plan-status.server.ts'
import { BillingAddressCard, PaymentMethodCard } from './billing-details.tsx'
import { nextPaymentAt, toBillingDetailsView } from './billing-details-view.ts'
import { doneSentence } from './done.ts'
import { GrantStack } from './grant-stack.tsx'
import { toGrantViews } from './grant-views.server.ts'
import { intentOf } from './intents.server.ts'
import { Packs } from './packs.tsx'
import { CancelLink, ChangePlan, PlanCard } from './plan-card.tsx'
import { toPlanView } from './plan-view.ts'

/** How much of the billing history is shown; a link shows the rest. */
const HISTORY_ROWS = 5

export const meta: MetaFunction = () => pageTitle('Billing')

export async function loader({ request }: LoaderFunctionArgs) {
  const user = await requireUser(request)
  const { timeZone } = user
  const [balance, purchases, details] = await Promise.all([
    getBalance(user._id),
    listShownPurchases(user._id),
    billingDetailsOf(user),
  ])
  const sources = balance.grants.map(({ source }) => source)
  const payments = await findPaymentsBehind(user._id, sources, purchases)
  const { searchParams } = new URL(request.url)
  const rows = toHistoryRows(purchases.map(toHistoryView), timeZone, user.subscription)
  const context = { now: now(), timeZone }
  const standing = currentPlanStatus(user, balance)
  return {
    plan: toPlanView(standing, user.stripeBalance),
    duplicates: recentDuplicates(user, context.now).map((duplicate) => duplicateInWords(duplicate).join(' ')),
    notices: standing.notices,
    // A plan that is already canceled may still owe a payment, which can be canceled too.
    canCancel: standing.isLive && (!user.subscription?.cancelAtPeriodEnd || isOverdue(user.subscription.status)),
    details: toBillingDetailsView(details, { ...context, nextPaymentAt: nextPaymentAt(user.subscription) }),
    history: searchParams.get('history') === 'all' ? rows : rows.slice(0, HISTORY_ROWS),
    historyCount: rows.length,
    done: doneSentence(searchParams.get('done'), standing),
    packs: packsInWords(),
    packWarning: packWarningOf(balance.frozen),
    grants: toGrantViews(balance.grants, payments, context),
    nonce: crypto.randomUUID(),
  }
}

/** Warns before a pack is paid for: its credits cannot be spent yet. */
function packWarningOf(frozen: string | null): { text: string; isRefused: boolean } | null {
  if (frozen === null) return null
  if (frozen === 'paused_by_owner') {
    const text = 'You paused all spending. A pack’s credits can be spent once you resume it.'
    return { text, isRefused: false }
  }
  if (frozen !== 'past_due') return { text: new PackNotSpendable(frozen).message, isRefused: true }
  const text =
    'A payment failed, so spending is paused, and it stays paused after you buy a pack. Update your card first: spending resumes when the open payment is paid.'
  return { text, isRefused: false }
}

export async function action({ request }: ActionFunctionArgs) {
  const user = await requireUser(request)
  const form = await readFormData(request)
  try {
    await consumeAttempt('payment', user._id.toHexString())
    const intent = intentOf(form)
    if (!intent) return data({ problem: 'That did not work. Try again.' }, { status: 400 })
    return await intent(user, form, request)
  } catch (error) {
    if (error instanceof EmailNotConfirmed) return redirect(confirmPath('/billing#packs'))
    return problemAnswer(error)
  }
}

export default function Billing() {
  const { plan, notices, duplicates, canCancel, done, details, history, historyCount, ...rest } =
    useLoaderData<typeof loader>()
  const problem = useActionData<typeof action>()?.problem
  const isUnexpected = useSearchParams()[0].get('done') === 'too-late'
  // Notices matter more than what was just done, unless that is not what the user asked for.
  const saysDone = done !== null && (notices.length === 0 || isUnexpected)
  return (
    <Page
      title="Billing"
      notices={
        <>
          {saysDone ? <Banner tone={isUnexpected ? 'ochre' : 'green'}>{done}</Banner> : null}
          {duplicates.map((text) => (
            <Banner key={text} tone="ochre">
              {text}
            </Banner>
          ))}
          <PlanNotices notices={notices} plan={plan.name} />
        </>
      }
      isDense
    >
      <ErrorSummary errors={problem ? [{ message: problem }] : []} />
      <div className="grid gap-4 sm:grid-cols-2 lg:grid-cols-[minmax(0,5fr)_minmax(0,4fr)_minmax(0,4fr)]">
        <PlanCard plan={plan} />
        <PaymentMethodCard method={details.method} />
        <BillingAddressCard address={details.address} />
      </div>
      <Section
        id="history"
        title="Billing history"
        aside={
          history.length < historyCount ? (
            <TextLink to="/billing?history=all#history" preventScrollReset>
              View all {historyCount} payments
            </TextLink>
          ) : null
        }
      >
        <BillingHistoryTable rows={history} labelledBy="history" hasPlan={plan.isLive} />
      </Section>
      <div className={classNames('grid gap-12', plan.isLive && 'lg:grid-cols-[minmax(0,9fr)_minmax(0,10fr)] lg:gap-6')}>
        {plan.isLive ? (
          <Section id="change" title="Change plan" lead="You review the cost before you confirm.">
            <ChangePlan plan={plan} />
          </Section>
        ) : null}
        <Packs packs={rest.packs} warning={rest.packWarning} nonce={rest.nonce} />
      </div>
      <Section id="grants" title="Your credits" aside={<TextLink to="/billing/credits">View credit history</TextLink>}>
        <GrantStack grants={rest.grants} />
      </Section>
      {canCancel ? <CancelLink plan={plan.name} /> : null}
    </Page>
  )
}
