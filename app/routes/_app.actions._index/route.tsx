import type { LoaderFunctionArgs, MetaFunction } from '@remix-run/node'
import { useLoaderData } from '@remix-run/react'
import { costOf, lockOf } from '#app/actions/action-words.ts'
import { paidActions } from '#app/actions/paid-actions.server.ts'
import { planOf } from '#app/billing/entitlements/current-plan.ts'
import { requireUser } from '#app/auth/require-user.server.ts'
import { Page } from '#app/components/page.tsx'
import { pageTitle } from '#app/components/page-title.ts'
import { PlanNotices } from '#app/components/standing-notices.tsx'
import { TextLink } from '#app/components/text-link.tsx'
import { getBalance } from '#app/credits/balance.server.ts'
import { warningsOf } from '#app/plan-status/primary-action.ts'
import { currentPlanStatus } from '#app/plan-status/current-plan-status.server.ts'

export const meta: MetaFunction = () => pageTitle('Actions')

export async function loader({ request }: LoaderFunctionArgs) {
  const user = await requireUser(request)
  const plan = planOf(user.subscription)
  const actions = paidActions().map(({ id, title, summary, unit, feature }) => ({
    id,
    title,
    summary,
    cost: costOf(unit),
    lock: lockOf(title, feature, plan),
  }))
  const standing = currentPlanStatus(user, await getBalance(user._id))
  return { actions, plan: standing.plan, warnings: warningsOf(standing) }
}

export default function Actions() {
  const { actions, plan, warnings } = useLoaderData<typeof loader>()
  return (
    <Page
      title="Actions"
      lead="See the cost before you spend."
      notices={<PlanNotices notices={warnings} plan={plan} />}
    >
      <ul className="grid rounded-sheet border border-rule bg-sheet">
        {actions.map(({ id, title, summary, cost, lock }) => (
          <li
            key={id}
            className="flex flex-wrap items-baseline justify-between gap-x-6 gap-y-1 p-6 not-first:border-t not-first:border-rule"
          >
            <div className="grid min-w-0 gap-1">
              <h2 className="font-text text-lead">
                <TextLink to={`/actions/${id}`}>{title}</TextLink>
              </h2>
              <p className="text-ink-2">{summary}</p>
              {lock ? <p className="text-table text-ink-2">{lock}</p> : null}
            </div>
            <p className="whitespace-nowrap">{cost}</p>
          </li>
        ))}
      </ul>
    </Page>
  )
}
