import { type LoaderFunctionArgs, type MetaFunction, redirect } from '@remix-run/node'
import { useLoaderData } from '@remix-run/react'
import { findPaidAction } from '#app/actions/paid-actions.server.ts'
import { planOf } from '#app/billing/entitlements/current-plan.ts'
import { requireUser } from '#app/auth/require-user.server.ts'
import { FEATURE_NAMES, hasPlan } from '#app/billing/entitlements/entitlements.ts'
import { offerPlans, type PlanOffer } from '#app/billing/plan-changes/plan-offers.server.ts'
import { type Feature, findPlan, type Plan, plans } from '#app/billing/plans.ts'
import { ButtonLink } from '#app/components/button.tsx'
import { Page } from '#app/components/page.tsx'
import { pageTitle } from '#app/components/page-title.ts'
import { PlanNotices } from '#app/components/standing-notices.tsx'
import { SumTable } from '#app/components/sum-table.tsx'
import { TextLink } from '#app/components/text-link.tsx'
import { getBalance } from '#app/credits/balance.server.ts'
import { formatCreditsInWords, formatMoney } from '#app/format.ts'
import { safeRedirect } from '#app/http/safe-redirect.ts'
import type { PlanStatus } from '#app/plan-status/plan-status.ts'
import { currentPlanStatus } from '#app/plan-status/current-plan-status.server.ts'
import type { Notice } from '#app/plan-status/notice.ts'
import { withSearch } from '#app/with-search.ts'

export const meta: MetaFunction = () => pageTitle('Upgrade your plan')

const WAYS_SHOWN = 2

/**
 * A page sends users here whose plan lacks what it needs: `?feature=prioritySupport&redirectTo=/support`, or
 * `?plan=Daily&redirectTo=…`, or `?feature=svgExport&action=qr-code`. Users who have it by now are redirected.
 */
export async function loader({ request }: LoaderFunctionArgs) {
  const user = await requireUser(request)
  const search = new URL(request.url).searchParams
  const feature = featureFrom(search.get('feature'))
  const needed = findPlan(search.get('plan') ?? '')
  const redirectTo = safeRedirect(search.get('redirectTo'), '')
  const plan = planOf(user.subscription)
  const has = (one: Plan): boolean => (feature ? one.features[feature] : needed !== null && hasPlan(one, needed))
  if (has(plan) && redirectTo) throw redirect(redirectTo)
  const action = findPaidAction(search.get('action') ?? '')
  const [offers, balance] = await Promise.all([has(plan) ? [] : offerPlans(user, has), getBalance(user._id)])
  const standing = currentPlanStatus(user, balance)
  return {
    sentence: has(plan)
      ? `${plan.name} includes ${feature ? FEATURE_NAMES[feature] : 'this'} already.`
      : sentenceOf(feature ? FEATURE_NAMES[feature] : 'This', plans.filter(has)),
    ways: offers.slice(0, WAYS_SHOWN).map((offer) => toView(offer, standing.isLive, redirectTo)),
    // A payment that is due, or a pause, has to end before the plan can be changed.
    notices: offers.length > 0 ? [] : waysInOf(standing),
    plan: standing.plan,
    back: action ? { to: `/actions/${action.id}`, title: action.title } : { to: '/actions', title: 'Actions' },
  }
}

function featureFrom(name: string | null): Feature | null {
  const features = Object.keys(plans[0]?.features ?? {}) as Feature[]
  return features.find((feature) => feature === name) ?? null
}

/** "Priority support is part of Daily and Creator." */
function sentenceOf(name: string, having: Plan[]): string {
  if (having.length === 0) return name === 'This' ? 'This needs a larger plan.' : `${name} is not part of any plan.`
  return `${name} is part of ${new Intl.ListFormat('en').format(having.map((plan) => plan.name))}.`
}

const waysInOf = ({ notices }: PlanStatus): Notice[] =>
  notices.filter(({ action }) => action === 'update-card' || action === 'confirm' || action === 'restart')

function toView(offer: PlanOffer, isLive: boolean, redirectTo: string) {
  const { plan, interval, trialDays } = offer
  const get = trialDays ? `Try ${plan.name} free for ${trialDays} days` : `Get ${plan.name}`
  return {
    plan: plan.name,
    ...sumsOf(offer, isLive),
    to: withSearch(isLive ? '/billing/change' : '/pricing', { plan: plan.name, interval, redirectTo }),
    label: isLive ? `Change to ${plan.name}` : get,
  }
}

/** What it costs and adds: each period of a new plan, or today's share after a plan change. */
function sumsOf({ today, renewal, interval, trialDays }: PlanOffer, isLive: boolean) {
  if (!today) return { sum: null, then: 'The next page shows what you pay and get today.' }
  const price = renewal && formatMoney(renewal.amount, renewal.currency)
  const credits = renewal && formatCreditsInWords(renewal.credits)
  if (price && !isLive && !trialDays) {
    return {
      sum: { pay: [`You pay each ${interval}`, price], get: [`You get each ${interval}`, credits] },
      then: null,
    }
  }
  const pay = ['You pay today', formatMoney(today.amount, today.currency)]
  return {
    sum: { pay, get: ['You get today', formatCreditsInWords(today.credits)] },
    then: price ? `Then ${price} and ${credits} each ${interval}.` : null,
  }
}

export default function Upgrade() {
  const { sentence, ways, notices, plan, back } = useLoaderData<typeof loader>()
  return (
    <Page title={sentence} width="text" notices={<PlanNotices notices={notices} plan={plan} />}>
      <ul className="grid gap-4">
        {ways.map((way, index) => (
          <li key={way.plan} className="grid gap-4 rounded-sheet border border-rule bg-sheet p-6">
            <h2>{way.plan}</h2>
            {way.sum ? (
              <SumTable
                caption={way.plan}
                rows={[{ label: way.sum.pay[0], value: way.sum.pay[1] }]}
                total={{ label: way.sum.get[0], value: way.sum.get[1] }}
              />
            ) : null}
            {way.then ? <p className="text-ink-2">{way.then}</p> : null}
            <div className="grid sm:flex">
              <ButtonLink to={way.to} kind={index === 0 ? 'green' : 'outline'}>
                {way.label}
              </ButtonLink>
            </div>
          </li>
        ))}
      </ul>
      <p>
        <TextLink to={back.to}>Back to {back.title}</TextLink>
      </p>
    </Page>
  )
}
