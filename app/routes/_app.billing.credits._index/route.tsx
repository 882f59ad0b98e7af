import type { LoaderFunctionArgs, MetaFunction } from '@remix-run/node'
import { useLoaderData } from '@remix-run/react'
import { requireUser } from '#app/auth/require-user.server.ts'
import { findPaymentsBehind } from '#app/billing/purchases/grant-payments.server.ts'
import { now } from '#app/clock.server.ts'
import { EmptyState } from '#app/components/empty-state.tsx'
import { Page } from '#app/components/page.tsx'
import { pageTitle } from '#app/components/page-title.ts'
import { PageTurner } from '#app/components/page-turner.tsx'
import { TextLink } from '#app/components/text-link.tsx'
import { getBalance } from '#app/credits/balance.server.ts'
import { listEntries } from '#app/credits/ledger.server.ts'
import { parseCursor } from '#app/usage/filters.ts'
import { ArrivalTable } from './arrival-table.tsx'
import { toArrivals } from './arrivals.server.ts'

const TITLE = 'Credit history'
const PAGE = 30

export const meta: MetaFunction = () => pageTitle(TITLE)

/** Every grant, including those that are used up: the billing page shows only what is left. */
export async function loader({ request }: LoaderFunctionArgs) {
  const user = await requireUser(request)
  const before = parseCursor(new URL(request.url).searchParams.get('before'))
  const [page, balance] = await Promise.all([
    listEntries(user._id, {
      kinds: ['grant', 'schedule', 'restore', 'adjust'],
      limit: PAGE,
      ...(before !== null && { before }),
    }),
    getBalance(user._id),
  ])
  const payments = await findPaymentsBehind(
    user._id,
    page.entries.map(({ source }) => source),
  )
  return {
    arrivals: toArrivals(page.entries, balance.grants, payments, { timeZone: user.timeZone, now: now() }),
    older: page.nextBefore === null ? null : `/billing/credits?before=${page.nextBefore}`,
    newest: before === null ? null : '/billing/credits',
  }
}

export default function AllCredits() {
  const { arrivals, older, newest } = useLoaderData<typeof loader>()
  return (
    <Page title={TITLE} lead="Select one to see its payment, its usage and what is left.">
      <div className="grid gap-4">
        {arrivals.length > 0 ? (
          <ArrivalTable arrivals={arrivals} />
        ) : (
          <EmptyState next={{ label: 'Buy credits', to: '/billing#packs' }}>
            {newest ? 'No earlier credits.' : 'No credits yet. The first ones will appear here.'}
          </EmptyState>
        )}
        <PageTurner label="Pages of the credit history" ways={{ Newest: newest, Older: older }} />
      </div>
      <p>
        <TextLink to="/billing#grants">Back to billing</TextLink>
      </p>
    </Page>
  )
}
