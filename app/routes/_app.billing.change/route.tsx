import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction, redirect } from '@remix-run/node'
import { Form, useActionData, useLoaderData, useRouteError } from '@remix-run/react'
import { z } from 'zod'
import { takePageTry } from '#app/auth/rate-limit.server.ts'
import { requireUser } from '#app/auth/require-user.server.ts'
import { changePlan } from '#app/billing/plan-changes/change-plan.server.ts'
import { previewPlanChange } from '#app/billing/plan-changes/change-preview.server.ts'
import { addMonths } from '#app/billing/line-items/credits-for-invoice.ts'
import { PlanNotFound } from '#app/billing/errors.ts'
import { hasLiveSubscription } from '#app/billing/subscriptions/subscription-state.ts'
import { now } from '#app/clock.server.ts'
import { Banner } from '#app/components/banner.tsx'
import { Button, ButtonLink } from '#app/components/button.tsx'
import { ErrorPage } from '#app/components/error-page.tsx'
import { ErrorSummary } from '#app/components/error-summary.tsx'
import { Page } from '#app/components/page.tsx'
import { pageTitle } from '#app/components/page-title.ts'
import { SumTable } from '#app/components/sum-table.tsx'
import { useSubmitting } from '#app/components/use-submitting.ts'
import { config } from '#app/config.server.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import { lossesAhead } from '#app/credits/losses.ts'
import { DomainError } from '#app/domain-error.ts'
import { formatMoney } from '#app/format.ts'
import { statusOf } from '#app/http/error-status.ts'
import { readFormData } from '#app/http/read-form-data.server.ts'
import { safeRedirect } from '#app/http/safe-redirect.ts'
import { withSearch } from '#app/with-search.ts'
import { refusedIn, RefusedPage } from './refused.tsx'
import { refusedPage } from './refused.server.ts'
import { toChangeView } from './change-view.ts'

/** How long the amounts of an open page are valid; after that they are calculated again. */
const SUMS_HOLD_MS = 45 * 60 * 1000

export const meta: MetaFunction<typeof loader> = ({ data: page }) => pageTitle(page?.view.title ?? 'Change plan')

const choice = z.object({
  plan: z.string(),
  interval: z.enum(['month', 'year']).default('month'),
  /** Where the user was going when a larger plan was needed. */
  redirectTo: z.string().default(''),
})

export async function loader({ request }: LoaderFunctionArgs) {
  const user = await requireUser(request)
  const chosen = choice.safeParse(Object.fromEntries(new URL(request.url).searchParams))
  if (!chosen.success) throw await refusedPage(user, new PlanNotFound())
  const { plan, interval, redirectTo } = chosen.data
  await takePageTry('payment', user._id.toHexString())
  const preview = await previewPlanChange(user, { plan, interval }).catch(async (error: unknown) => {
    if (!(error instanceof DomainError)) throw error
    if (error.code === 'stripe_unavailable') throw data(null, { status: 503 })
    // Without a plan there is nothing to change: buy one.
    if (hasLiveSubscription(user.subscription)) throw await refusedPage(user, error, chosen.data)
    throw redirect(withSearch('/pricing', { plan, interval, redirectTo }))
  })
  const balance = await getBalance(user._id)
  const periodEnd = user.subscription?.currentPeriodEnd ?? null
  const isSameBillingInterval = preview.when === 'period-end' || preview.from.interval === preview.to.interval
  const renewsAt = isSameBillingInterval ? periodEnd : addMonths(preview.at, interval === 'year' ? 12 : 1)
  const context = {
    ...{ timeZone: user.timeZone, now: now(), periodEnd, credits: balance.credits },
    losses: lossesAhead(balance, { now: now(), renewsAt }),
    gracePeriodDays: config().gracePeriodDays,
  }
  return {
    ...chosen.data,
    view: toChangeView(preview, context),
    when: preview.when,
    amountDue: preview.amountDue,
    prorationDate: preview.prorationDate?.toISOString() ?? '',
    nonce: crypto.randomUUID(),
  }
}

const order = choice.extend({
  nonce: z.string().min(8).max(100),
  /** What the page said: its button must not order anything else. */
  when: z.enum(['now', 'period-end']).optional(),
  amountDue: z.coerce.number().int(),
  prorationDate: z.union([z.literal(''), z.iso.datetime()]),
})

export async function action({ request }: ActionFunctionArgs) {
  const user = await requireUser(request)
  const parsed = order.safeParse(Object.fromEntries(await readFormData(request)))
  if (!parsed.success) return refusal(INCOMPLETE, 400)
  await takePageTry('payment', user._id.toHexString())
  const { plan, interval, redirectTo, nonce, amountDue } = parsed.data
  const shownFor = parsed.data.prorationDate ? new Date(parsed.data.prorationDate) : null
  const prorationDate = shownFor && now().getTime() - shownFor.getTime() <= SUMS_HOLD_MS ? shownFor : null
  try {
    // The page may be outdated: another tab has changed the plan, or the user went back in the browser.
    const fresh = await previewPlanChange(user, { plan, interval }, { prorationDate })
    if (fresh.when !== (parsed.data.when ?? fresh.when)) return refusal(OUTDATED, 409)
    if (fresh.amountDue !== amountDue) return refusal(changedSentence(fresh.amountDue, fresh.currency), 409)
    const result = await changePlan(user, { plan, interval }, { nonce, prorationDate })
    if (result.state === 'changed') return redirect(safeRedirect(redirectTo, '/billing?done=changed'))
    if (result.state === 'scheduled') return redirect('/billing?done=scheduled')
    return data({ problem: null, bankUrl: result.url, isDeclined: false }, { status: 402 })
  } catch (error) {
    if (!(error instanceof DomainError)) throw error
    return refusal(error.message, statusOf(error.code), error.code === 'card_declined')
  }
}

const refusal = (problem: string, status: number, isDeclined = false) =>
  data({ problem, bankUrl: null, isDeclined }, { status })

const INCOMPLETE = 'That did not work, and nothing has changed. Review the change again.'

const OUTDATED = 'Your plan has changed since you opened this page. Review it again.'

const changedSentence = (amount: number, currency: string): string =>
  `The amount changed to ${formatMoney(amount, currency)} since you opened this page. Review it again.`

/** A change that is refused says why, and what helps. */
export function ErrorBoundary() {
  const refused = refusedIn(useRouteError())
  return refused ? <RefusedPage {...refused} /> : <ErrorPage />
}

export default function ChangePlan() {
  const { view, plan, interval, redirectTo, when, amountDue, prorationDate, nonce } = useLoaderData<typeof loader>()
  const answer = useActionData<typeof action>()
  const busy = useSubmitting()
  return (
    <Page title={view.title} width="text">
      <ErrorSummary errors={answer?.problem ? [{ message: answer.problem }] : []} />
      {answer ? <Failure {...answer} /> : null}
      <div className="grid gap-6">
        {view.sum ? (
          <div className="rounded-sheet border border-rule bg-sheet p-6">
            <SumTable
              caption="What the change costs today"
              rows={view.sum.rows.map(({ label, money }) => ({ label, value: money }))}
              total={[
                { label: 'You pay now', value: view.sum.total.money },
                { label: 'You get now', value: view.sum.total.credits },
              ]}
            />
          </div>
        ) : null}
        <div className="grid gap-2">
          {view.sentences.map((sentence) => (
            <p key={sentence}>{sentence}</p>
          ))}
        </div>
        <Form method="post" className="grid gap-3 sm:flex">
          <input type="hidden" name="plan" value={plan} />
          <input type="hidden" name="interval" value={interval} />
          <input type="hidden" name="redirectTo" value={redirectTo} />
          <input type="hidden" name="when" value={when} />
          <input type="hidden" name="amountDue" value={amountDue} />
          <input type="hidden" name="prorationDate" value={prorationDate} />
          <input type="hidden" name="nonce" value={nonce} />
          <Button kind={view.isPaidNow ? 'green' : 'ink'} busy={busy}>
            {view.button}
          </Button>
          <ButtonLink to="/billing" kind="outline">
            {view.keep}
          </ButtonLink>
        </Form>
      </div>
    </Page>
  )
}

/** What a payment that failed needs: a confirmation at the bank, or another card. */
function Failure({ bankUrl, isDeclined }: { bankUrl: string | null; isDeclined: boolean }) {
  return (
    <>
      {bankUrl ? (
        <Banner
          tone="ochre"
          action={
            <a className="button" data-kind="outline" href={bankUrl}>
              Continue at the bank
            </a>
          }
        >
          Your bank wants to confirm this payment. The plan changes as soon as it is paid.
        </Banner>
      ) : null}
      {isDeclined ? (
        <p className="mb-4">
          <ButtonLink to="/billing/update-card" kind="outline" reloadDocument>
            Use another card
          </ButtonLink>
        </p>
      ) : null}
    </>
  )
}
