import { data } from '@remix-run/node'
import { FREE_PLAN } from '#app/billing/plans.ts'
import type { DomainError } from '#app/domain-error.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import { statusOf } from '#app/http/error-status.ts'
import { currentPlanStatus } from '#app/plan-status/current-plan-status.server.ts'
import { withSearch } from '#app/with-search.ts'
import type { User } from '#models/user.server.ts'
import type { Refused } from './refused.tsx'

interface Choice {
  plan: string
  interval: 'month' | 'year'
}

/** The page that the loader throws when a change is not possible: why, and what helps. */
export async function refusedPage(user: User, error: DomainError, choice: Choice | null = null) {
  const standing = currentPlanStatus(user, await getBalance(user._id))
  const refused: Refused = {
    ...wordsOf(error, choice),
    plan: standing.plan,
    // An amount due, or a pause, has its own button.
    notices: standing.notices.filter(({ action }) => ['update-card', 'confirm', 'restart'].includes(action ?? '')),
  }
  return data(refused, { status: statusOf(error.code) })
}

const SUPPORT = { to: '/support', label: 'Contact support' }

function wordsOf(error: DomainError, choice: Choice | null): Pick<Refused, 'title' | 'text' | 'way'> {
  const title = 'This plan change is not possible'
  switch (error.code) {
    case 'already_subscribed': {
      const { plan, interval } = choice!
      const other = interval === 'month' ? 'year' : 'month'
      return {
        title: `You already have ${plan}, paid ${interval}ly`,
        text: `There is nothing to change. Choose another plan under Billing, or pay ${plan} ${other}ly instead.`,
        way: { to: withSearch('/billing/change', { plan, interval: other }), label: `Review paying ${other}ly` },
      }
    }
    case 'plan_not_found':
      return choice?.plan === FREE_PLAN
        ? {
            title: 'To go back to Free, cancel your plan',
            text: 'Your plan stays active until the end of the paid period.',
            way: { to: '/billing/cancel', label: 'Review canceling' },
          }
        : { title: 'This plan does not exist', text: 'Choose one of the plans under Billing.', way: null }
    case 'intervals_differ':
      return {
        title,
        text: `${error.message} Choose a plan with your current billing period, or contact support to change both.`,
        way: SUPPORT,
      }
    case 'offer_unavailable':
      return {
        title,
        text: `${choice?.plan ?? 'This plan'} is not on sale for your subscription right now, for example because it has no price in your currency. Nothing has changed. Try again later, or contact support.`,
        way: SUPPORT,
      }
    case 'end_set_by_shop':
    case 'changes_set_by_shop':
      return { title, text: error.message, way: SUPPORT }
    default:
      return { title, text: error.message, way: null }
  }
}
