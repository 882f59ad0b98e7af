import { type LoaderFunctionArgs, type MetaFunction, redirect } from '@remix-run/node'
import { Link, useLoaderData } from '@remix-run/react'
import { findPaidAction } from '#app/actions/paid-actions.server.ts'
import { planOf } from '#app/billing/plan-standing.ts'
import { type WayOut, waysToFeature, waysToPlan } from '#app/actions/ways-out.ts'
import { requireUser } from '#app/auth/require-user.server.ts'
import { FEATURE_NAMES, hasPlan } from '#app/billing/entitlements.ts'
import { type Feature, findPlan, plans } from '#app/billing/plans.ts'
import { subscriptionView } from '#app/billing/subscription-view.ts'
import { ButtonLink } from '#app/components/button.tsx'
import { Page } from '#app/components/page.tsx'
import { pageTitle } from '#app/components/page-title.ts'
import { SumTable } from '#app/components/sum-table.tsx'
import { formatCredits, formatMoney } from '#app/format.ts'
import { safeRedirect } from '#app/http/safe-redirect.ts'

export const meta: MetaFunction = () => pageTitle('What this needs')

const WAYS_SHOWN = 2

/**
 * Where a page sends somebody whose plan does not have what it needs: `?feature=prioritySupport&redirectTo=/support`, or
 * `?plan=Daily&redirectTo=…`, or `?feature=svgExport&action=qr-code`. Whoever has it by now is sent on.
 */
export async function loader({ request }: LoaderFunctionArgs) {
  const user = await requireUser(request)
  const search = new URL(request.url).searchParams
  const feature = featureFrom(search.get('feature'))
  const needed = findPlan(search.get('plan') ?? '')
  const redirectTo = safeRedirect(search.get('redirectTo'), '')
  const plan = planOf(user.subscription)
  const hasIt = feature ? plan.features[feature] : needed !== null && hasPlan(plan, needed)
  if (hasIt && redirectTo) throw redirect(redirectTo)
  const action = findPaidAction(search.get('action') ?? '')
  const { isLive } = subscriptionView(user)
  const ways = feature ? waysToFeature(feature) : needed ? waysToPlan(needed.name) : []
  return {
    sentence: feature
      ? sentenceOf(FEATURE_NAMES[feature], ways)
      : ways.length > 0
        ? sentenceOf('This', ways)
        : 'This needs a larger plan.',
    ways: ways.flatMap((way) => toView(way, isLive, redirectTo)).slice(0, WAYS_SHOWN),
    back: action ? { to: `/actions/${action.id}`, title: action.title } : { to: '/actions', title: 'the actions' },
  }
}

function featureFrom(name: string | null): Feature | null {
  const features = Object.keys(plans[0]?.features ?? {}) as Feature[]
  return features.find((feature) => feature === name) ?? null
}

/** "Priority support is part of Daily and Creator." */
function sentenceOf(name: string, ways: WayOut[]): string {
  const names = ways.flatMap((way) => (way.type === 'plan' ? [way.plan] : []))
  if (names.length === 0) return `${name} is not part of any plan.`
  return `${name} is part of ${new Intl.ListFormat('en').format(names)}.`
}

function toView(way: WayOut, isLive: boolean, redirectTo: string) {
  if (way.type !== 'plan') return []
  const search = new URLSearchParams({
    plan: way.plan,
    interval: way.interval,
    ...(redirectTo && { redirectTo }),
  }).toString()
  return [
    {
      plan: way.plan,
      price: formatMoney(way.amount, way.currency),
      credits: formatCredits(way.credits),
      to: isLive ? `/billing/change?${search}` : `/pricing?${search}`,
      label: isLive ? `Change to ${way.plan}` : `Get ${way.plan}`,
    },
  ]
}

export default function Upgrade() {
  const { sentence, ways, back } = useLoaderData<typeof loader>()
  return (
    <Page title={sentence} width="text">
      <ul className="grid gap-4">
        {ways.map((way, index) => (
          <li key={way.plan} className="grid gap-4 rounded-sheet border border-rule bg-sheet p-6">
            <h2>{way.plan}</h2>
            <SumTable
              caption={way.plan}
              rows={[{ label: 'You pay each month', values: [way.price] }]}
              total={{ label: 'You get each month', values: [`${way.credits} credits`] }}
            />
            <div className="grid sm:flex">
              <ButtonLink to={way.to} kind={index === 0 ? 'green' : 'outline'}>
                {way.label}
              </ButtonLink>
            </div>
          </li>
        ))}
      </ul>
      <p>
        <Link className="link" to={back.to}>
          Back to {back.title}
        </Link>
      </p>
    </Page>
  )
}
