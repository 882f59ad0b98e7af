import type { LoaderFunctionArgs, MetaFunction } from '@remix-run/node'
import { useLoaderData } from '@remix-run/react'
import { takePageTry } from '#app/auth/rate-limit.server.ts'
import { requireUser } from '#app/auth/require-user.server.ts'
import { checkoutStatus } from '#app/billing/checkout/checkout-status.server.ts'
import { ButtonLink } from '#app/components/button.tsx'
import { Denomination, Note, NoteFace, NoteStub } from '#app/components/note.tsx'
import { NoticeButton } from '#app/components/standing-notices.tsx'
import { pageTitle } from '#app/components/page-title.ts'
import { SumTable } from '#app/components/sum-table.tsx'
import { safeRedirect } from '#app/http/safe-redirect.ts'
import { readUser } from '#app/billing/customers/users.server.ts'
import { currentPlanStatus } from '#app/plan-status/current-plan-status.server.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import { toSuccessView } from './success-view.ts'
import { usePolling } from '#app/components/use-polling.ts'
import { withSearch } from '#app/with-search.ts'

/** Without JavaScript the page reloads by itself; after so many times it says that it takes long. */
const SLOW_AFTER_TRIES = 6
const RELOAD_SECONDS = 3

export const meta: MetaFunction<typeof loader> = ({ data: page }) =>
  pageTitle([page?.view.figure, page?.view.title ?? 'Payment'].filter(Boolean).join(' '))

export async function loader({ request }: LoaderFunctionArgs) {
  const user = await requireUser(request)
  await takePageTry('paymentLook', user._id.toHexString())
  const search = new URL(request.url).searchParams
  const sessionId = search.get('session_id') ?? ''
  // Where the user was going when a plan was needed.
  const next = safeRedirect(search.get('redirectTo'), '')
  const tries = Math.min(Number(search.get('try')) || 0, 99)
  const status = await checkoutStatus(user, sessionId)
  // After the status: credits that it has seen are in the balance then.
  const [buyer, balance] = await Promise.all([readUser(user._id), getBalance(user._id)])
  const standing = currentPlanStatus(buyer, balance)
  const facts = { ...status, balance: balance.credits, standing }
  const again = withSearch('/billing/success', { session_id: sessionId, try: String(tries + 1), redirectTo: next })
  const view = toSuccessView({ ...facts, isSlow: tries >= SLOW_AFTER_TRIES })
  return {
    view,
    plan: standing.plan,
    next,
    slowView: toSuccessView({ ...facts, isSlow: true }),
    reload: view.state === 'waiting' ? `${RELOAD_SECONDS};url=${again}` : null,
  }
}

export default function Success() {
  const { view: first, slowView, plan, reload, next } = useLoaderData<typeof loader>()
  const isSlow = usePolling(first.state === 'waiting')
  const view = isSlow ? slowView : first
  return (
    <main id="main" tabIndex={-1} className="mx-auto w-full max-w-text px-(--size-gutter) py-12">
      {reload ? (
        <noscript>
          <meta httpEquiv="refresh" content={reload} />
        </noscript>
      ) : null}
      <Note as="div">
        <NoteFace className="grid gap-2">
          <div role="status">
            <h1>
              {view.figure ? (
                <>
                  <Denomination tone="credit">{view.figure}</Denomination>{' '}
                </>
              ) : null}
              {view.title}
            </h1>
            {view.text ? <p className="mt-2 text-ink-2">{view.text}</p> : null}
            {view.pause ? <p className="mt-2 font-semibold">{view.pause.text}</p> : null}
          </div>
          {view.sum ? (
            <SumTable
              caption="Your credits after this payment"
              className="mt-4"
              rows={[
                { label: 'Your other credits', value: view.sum.others },
                { label: 'From this payment', value: <span className="text-credit">{view.sum.added}</span> },
              ]}
              total={{ label: 'Credits you can spend', value: view.sum.total }}
            />
          ) : null}
        </NoteFace>
        <NoteStub className="grid gap-3 sm:flex">
          {view.state === 'failed' ? (
            <ButtonLink to="/pricing">Try again</ButtonLink>
          ) : view.main === 'use' || (view.main === 'buy' && next) ? (
            <ButtonLink to={next || '/actions'}>{next ? 'Continue where you left off' : 'Use credits'}</ButtonLink>
          ) : view.main === 'buy' ? (
            <ButtonLink to="/billing#packs">Buy credits</ButtonLink>
          ) : view.main ? (
            <NoticeButton action={view.main} plan={plan} kind="ink" />
          ) : null}
          <ButtonLink to="/dashboard" kind="outline">
            Go to overview
          </ButtonLink>
        </NoteStub>
      </Note>
    </main>
  )
}
