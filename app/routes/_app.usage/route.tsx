import type { LoaderFunctionArgs, MetaFunction } from '@remix-run/node'
import { Link, useLoaderData, useNavigation } from '@remix-run/react'
import { requireUser } from '#app/auth/require-user.server.ts'
import { EmptyState } from '#app/components/empty-state.tsx'
import { Page, Section } from '#app/components/page.tsx'
import { pageTitle } from '#app/components/page-title.ts'
import { useShownBusy } from '#app/components/use-shown-busy.ts'
import { readChart } from '#app/usage/chart-view.server.ts'
import { parseUsageQuery } from '#app/usage/filters.ts'
import { filtersView } from '#app/usage/filters-view.server.ts'
import { readLedgerPage } from '#app/usage/usage-page.server.ts'
import { Chart } from './chart.tsx'
import { FilterForm } from './filter-form.tsx'
import { LedgerPages } from './ledger-pages.tsx'
import { Month } from './month.tsx'

export const meta: MetaFunction = () => pageTitle('Usage')

export async function loader({ request }: LoaderFunctionArgs) {
  const user = await requireUser(request)
  const query = parseUsageQuery(new URL(request.url).searchParams)
  const [{ actions, month, ...chart }, ledger] = await Promise.all([
    readChart(user, query),
    readLedgerPage(user, query),
  ])
  return { chart, month, ledger, filters: filtersView(query, actions) }
}

export default function Usage() {
  const { chart, month, ledger, filters } = useLoaderData<typeof loader>()
  const navigation = useNavigation()
  const busy = useShownBusy(navigation.state === 'loading' && navigation.location.pathname === '/usage')
  return (
    <Page title="Usage">
      {month ? <Month view={month} /> : null}
      <Section id="chart" title={chart.title} aside={<Periods periods={chart.periods} />}>
        {chart.view ? (
          <Chart view={chart.view} />
        ) : (
          <p>The chart could not be drawn. The ledger below is not affected.</p>
        )}
      </Section>
      <Section
        id="ledger"
        title="Ledger"
        aside={
          <a className="link" href={ledger.csvHref} download>
            Download CSV
          </a>
        }
      >
        <FilterForm filters={filters} />
        {ledger.state === 'entries' ? <LedgerPages ledger={ledger} busy={busy} /> : null}
        {ledger.state === 'empty' ? (
          <EmptyState next={{ label: 'See actions', to: '/actions' }}>
            No activity yet. Every credit that is added or spent will appear here.
          </EmptyState>
        ) : null}
        {ledger.state === 'no-match' ? (
          <EmptyState next={{ label: 'Clear filters', to: '/usage' }}>No entries match.</EmptyState>
        ) : null}
        {ledger.state === 'failed' ? (
          <EmptyState next={{ label: 'Try again', to: ledger.href }}>
            The ledger could not be loaded. Your credits are not affected.
          </EmptyState>
        ) : null}
      </Section>
    </Page>
  )
}

function Periods({ periods }: { periods: { label: string; href: string; isCurrent: boolean }[] }) {
  return (
    <nav aria-label="Period of the chart" className="flex gap-4 text-table">
      {periods.map(({ label, href, isCurrent }) => (
        <Link
          key={label}
          to={href}
          preventScrollReset
          aria-current={isCurrent ? 'page' : undefined}
          className={isCurrent ? 'border-b-2 border-ink py-1 font-semibold' : 'py-1 link'}
        >
          {label}
        </Link>
      ))}
    </nav>
  )
}
