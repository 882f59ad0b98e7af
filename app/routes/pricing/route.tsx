import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction, redirect } from '@remix-run/node'
import { type ShouldRevalidateFunctionArgs, useActionData, useLoaderData, useSearchParams } from '@remix-run/react'
import { z } from 'zod'
import { consumeAttempt } from '#app/auth/rate-limit.server.ts'
import { findUser } from '#app/auth/require-user.server.ts'
import { createCheckout } from '#app/billing/checkout/create-checkout.server.ts'
import { checkoutLocaleOf } from '#app/billing/checkout/checkout-locale.ts'
import { packsInWords } from '#app/billing/catalog/pack-offers.ts'
import { AlreadySubscribed } from '#app/billing/errors.ts'
import { type Interval, plans } from '#app/billing/plans.ts'
import { now } from '#app/clock.server.ts'
import { Banner } from '#app/components/banner.tsx'
import { ErrorSummary } from '#app/components/error-summary.tsx'
import { PackTable } from '#app/components/pack-table.tsx'
import { Page, Section } from '#app/components/page.tsx'
import { pageTitle } from '#app/components/page-title.ts'
import { VisitorFrame } from '#app/components/visitor-frame.tsx'
import { config } from '#app/config.server.ts'
import { confirmPath } from '#app/email-confirmation/confirm-path.ts'
import { EmailNotConfirmed } from '#app/email-confirmation/errors.ts'
import { problemAnswer } from '#app/http/form-failure.server.ts'
import { readFormData } from '#app/http/read-form-data.server.ts'
import { safeRedirect } from '#app/http/safe-redirect.ts'
import { frameOf } from '#app/auth/signed-in-frame.server.ts'
import { planStatusOf } from '#app/plan-status/plan-status.ts'
import { withSearch } from '#app/with-search.ts'
import { IntervalSwitch } from './interval-switch.tsx'
import { freeOffer, planOffers, yearlySaving } from './offers.server.ts'
import { PackLink } from './pack-link.tsx'
import { PlanNote } from './plan-note.tsx'
import { rulesOfSale } from './rules.server.ts'
import { Rules } from './rules.tsx'

export const meta: MetaFunction = () => [
  ...pageTitle('Pricing'),
  {
    name: 'description',
    content: 'Plan prices, the credits each plan includes, and what happens to unused credits.',
  },
]

export async function loader({ request }: LoaderFunctionArgs) {
  const user = await findUser(request)
  const standing = user
    ? planStatusOf(user.subscription, {
        now: now(),
        timeZone: user.timeZone,
        gracePeriodDays: config().gracePeriodDays,
        credits: 0,
        frozen: null,
      })
    : null
  return {
    frame: user && (await frameOf(user)),
    sandboxUrl: config().sandboxUrl,
    current: standing && { plan: standing.plan, interval: standing.interval, isLive: standing.isLive },
    // A trial is given once: users who have had a plan get no other.
    offers: planOffers({ withTrials: !user?.subscription }),
    free: freeOffer(),
    packs: packsInWords(),
    saving: yearlySaving(),
    rules: rulesOfSale(),
    nonce: crypto.randomUUID(),
  }
}

/** The page has both prices, so switching between monthly and yearly needs no request. */
export function shouldRevalidate({
  formMethod,
  currentUrl,
  nextUrl,
  defaultShouldRevalidate,
}: ShouldRevalidateFunctionArgs) {
  const sameSearch = currentUrl.pathname === nextUrl.pathname && !formMethod
  return sameSearch ? false : defaultShouldRevalidate
}

const purchase = z.object({
  plan: z.string().refine((name) => plans.some((plan) => plan.name === name && plan.prices)),
  interval: z.enum(['month', 'year']),
  /** One per page view, so that a double click opens one checkout session; a form without it opens its own. */
  nonce: z
    .string()
    .min(8)
    .max(100)
    .default(() => crypto.randomUUID()),
  /** Where the user was going when a plan was needed. */
  redirectTo: z
    .string()
    .default('')
    .transform((to) => safeRedirect(to, '')),
})

export async function action({ request }: ActionFunctionArgs) {
  const parsed = purchase.safeParse(Object.fromEntries(await readFormData(request)))
  if (!parsed.success) return data({ problem: 'Choose a plan below.' }, { status: 400 })
  const { plan, interval, nonce, redirectTo } = parsed.data
  const choice = { plan, interval, redirectTo }
  const user = await findUser(request)
  if (!user) throw redirect(withSearch('/signup', { redirectTo: withSearch('/pricing', choice) }))
  try {
    await consumeAttempt('payment', user._id.toHexString())
    const locale = checkoutLocaleOf(request.headers.get('Accept-Language'))
    const options = { nonce, returnTo: redirectTo || null, locale }
    const { url } = await createCheckout({ user, plan, interval }, options)
    return redirect(url)
  } catch (error) {
    if (error instanceof EmailNotConfirmed) return redirect(confirmPath(withSearch('/pricing', choice)))
    if (error instanceof AlreadySubscribed) return redirect(withSearch('/billing/change', choice))
    return problemAnswer(error)
  }
}

export default function Pricing() {
  const { frame, sandboxUrl, current, offers, free, packs, saving, rules, nonce } = useLoaderData<typeof loader>()
  const problem = useActionData<typeof action>()?.problem
  const [search] = useSearchParams()
  const interval: Interval = search.get('interval') === 'year' ? 'year' : 'month'
  const redirectTo = search.get('redirectTo')
  const chosen = offers.find((offer) => !offer.isFree && offer.name === search.get('plan'))?.name ?? null
  const main = chosen ?? offers.find(({ isRecommended }) => isRecommended)?.name
  const notice =
    chosen && frame && !current?.isLive ? (
      <Banner tone="green">You chose {chosen}. One step left: pay at checkout.</Banner>
    ) : null

  return (
    <VisitorFrame frame={frame} sandboxUrl={sandboxUrl}>
      <Page title="Pricing" lead={frame ? 'Change or cancel any time.' : free} width="landing" notices={notice}>
        <section aria-label="Plans" className="grid gap-6">
          <ErrorSummary errors={problem ? [{ message: problem }] : []} />
          <IntervalSwitch interval={interval} plan={chosen} redirectTo={redirectTo} saving={saving} />
          <ul className="grid gap-x-3 gap-y-6 sm:grid-cols-2 lg:grid-cols-4">
            {offers.map((offer) => (
              <PlanNote
                key={offer.name}
                offer={offer}
                interval={interval}
                current={current}
                isMain={offer.name === main}
                // Recommendations are for users without a plan.
                isRecommended={offer.isRecommended && !current?.isLive}
                redirectTo={redirectTo}
                nonce={`${nonce}-${offer.name}-${interval}`}
              />
            ))}
          </ul>
        </section>
        <div className="grid gap-12 lg:grid-cols-[7fr_5fr]">
          <Section
            id="packs"
            title="Credit packs"
            lead="Bought once, with or without a plan. They do not renew and do not expire."
          >
            <PackTable packs={packs} buy={(pack) => <PackLink pack={pack} signedIn={frame !== null} />} />
          </Section>
          <Section id="rules" title="FAQ">
            <Rules rules={rules} />
          </Section>
        </div>
      </Page>
    </VisitorFrame>
  )
}
