import type { LoaderFunctionArgs, MetaFunction } from '@remix-run/node'
import { useLoaderData, useSearchParams } from '@remix-run/react'
import { requireUser } from '#app/auth/require-user.server.ts'
import { listBillingHistory } from '#app/billing/purchases/list-history.server.ts'
import { now } from '#app/clock.server.ts'
import { Banner } from '#app/components/banner.tsx'
import { BillingHistoryTable } from '#app/components/billing-history-table.tsx'
import { EmptyState } from '#app/components/empty-state.tsx'
import { Ledger } from '#app/components/ledger.tsx'
import { Page, Section } from '#app/components/page.tsx'
import { pageTitle } from '#app/components/page-title.ts'
import { PlanNotices } from '#app/components/standing-notices.tsx'
import { TextLink } from '#app/components/text-link.tsx'
import { getBalance } from '#app/credits/balance.server.ts'
import { currentPlanStatus } from '#app/plan-status/current-plan-status.server.ts'
import { readNewestDays } from '#app/usage/usage-page.server.ts'
import { toHistoryRows } from '#app/plan-status/history-rows.ts'
import { BalanceNote } from './balance-note.tsx'
import { toBalanceView } from './balance-view.ts'
import { firstLines } from './first-lines.ts'

const LEDGER_LINES = 8
const PASSWORD_RESET = 'Your password is changed. You are logged out everywhere else, and your API keys are revoked.'

export const meta: MetaFunction = () => pageTitle('Overview')

export async function loader({ request }: LoaderFunctionArgs) {
  const user = await requireUser(request)
  const { timeZone } = user
  const [balance, history, days] = await Promise.all([
    getBalance(user._id),
    listBillingHistory(user._id),
    readNewestDays(user, LEDGER_LINES),
  ])
  const standing = currentPlanStatus(user, balance)
  return {
    balance: toBalanceView(balance, standing, { timeZone, now: now() }),
    notices: standing.notices,
    plan: standing.plan,
    history: toHistoryRows(history, timeZone, user.subscription),
    days: firstLines(days, LEDGER_LINES),
  }
}

export default function Dashboard() {
  const { balance, notices, plan, history, days } = useLoaderData<typeof loader>()
  const isReset = useSearchParams()[0].get('done') === 'password'
  return (
    <Page
      title="Overview"
      notices={
        <>
          {isReset ? <Banner tone="green">{PASSWORD_RESET}</Banner> : null}
          <PlanNotices notices={notices} plan={plan} />
        </>
      }
    >
      <BalanceNote view={balance} />
      <Section id="history" title="Billing history">
        <BillingHistoryTable rows={history} labelledBy="history" hasPlan={balance.isLive} />
      </Section>
      <Section id="entries" title="Recent activity" aside={<TextLink to="/usage">View all activity</TextLink>}>
        {days.length > 0 ? (
          <Ledger days={days} labelledBy="entries" />
        ) : (
          <EmptyState next={{ label: 'See actions', to: '/actions' }}>
            No activity yet. Every credit that is added or spent will appear here.
          </EmptyState>
        )}
      </Section>
    </Page>
  )
}
