import { type LoaderFunctionArgs, type MetaFunction, redirect } from '@remix-run/node'
import { Form, Link, useLoaderData, useSearchParams } from '@remix-run/react'
import { findRunOfHold } from '#app/actions/runs/list-runs.server.ts'
import { readRunsPage } from '#app/actions/runs/runs-page.server.ts'
import { requireUser } from '#app/auth/require-user.server.ts'
import { Button } from '#app/components/button.tsx'
import { EmptyState } from '#app/components/empty-state.tsx'
import { Field, Select } from '#app/components/field.tsx'
import { Page } from '#app/components/page.tsx'
import { pageTitle } from '#app/components/page-title.ts'
import { PageTurner } from '#app/components/page-turner.tsx'
import { Table, TableHead, Td } from '#app/components/table.tsx'
import { TextLink } from '#app/components/text-link.tsx'
import { addDays, parseDay, startOfDay } from '#app/usage/days.ts'
import { withSearch } from '#app/with-search.ts'

export const meta: MetaFunction = () => pageTitle('Runs')

export async function loader({ request }: LoaderFunctionArgs) {
  const user = await requireUser(request)
  const { searchParams } = new URL(request.url)
  const hold = searchParams.get('hold')
  if (hold !== null) {
    // From a line of the ledger.
    const runId = await findRunOfHold(user._id, hold.slice(0, 100))
    return redirect(runId ? `/runs/${runId}` : '/runs')
  }
  const text = (name: string) => searchParams.get(name)?.slice(0, 64) ?? ''
  const [from, to] = [parseDay(text('from')) ?? '', parseDay(text('to')) ?? '']
  const values = { action: text('action'), from, to }
  const before = text('before')
  const page = await readRunsPage(user, {
    ...{ action: values.action, before },
    ...(from && { from: startOfDay(from, user.timeZone) }),
    ...(to && { to: startOfDay(addDays(to, 1), user.timeZone) }),
  })
  const older = page.nextBefore && withSearch('/runs', { ...values, before: page.nextBefore })
  return { ...page, values, older, newest: before ? withSearch('/runs', values) : null }
}

export default function Runs() {
  const { runs, actions, values, older, newest } = useLoaderData<typeof loader>()
  const isFiltered = Object.values(values).some((value) => value !== '')
  const isFirstPage = !useSearchParams()[0].has('before')
  if (runs.length === 0 && !isFiltered && isFirstPage) {
    return (
      <Page title="Runs">
        <EmptyState next={{ label: 'See actions', to: '/actions' }}>
          No runs yet. Each run of an action will appear here, with what it cost.
        </EmptyState>
      </Page>
    )
  }
  return (
    <Page title="Runs" lead="What you ran, and what each run cost.">
      <Form
        method="get"
        key={JSON.stringify(values)}
        className="grid items-end gap-x-4 sm:grid-cols-[repeat(3,minmax(0,1fr))_auto]"
      >
        <Select name="action" label="Action" defaultValue={values.action}>
          <option value="">All actions</option>
          {actions.map(({ id, title }) => (
            <option key={id} value={id}>
              {title}
            </option>
          ))}
        </Select>
        <Field name="from" label="From" type="date" defaultValue={values.from} />
        <Field name="to" label="To" type="date" defaultValue={values.to} />
        {/* Level with the fields, which have space for an error below. */}
        <div className="flex gap-2 pb-3">
          <Button kind="outline">Apply</Button>
          {isFiltered ? (
            <Link to="/runs" className="button" data-kind="quiet">
              Clear filters
            </Link>
          ) : null}
        </div>
      </Form>
      {runs.length === 0 ? (
        <EmptyState next={{ label: 'Clear filters', to: '/runs' }}>No runs match.</EmptyState>
      ) : (
        <Table caption="Runs, newest first" stacks>
          <TableHead columns={['Run', 'When', 'State', { numeric: 'Credits' }]} />
          <tbody>
            {runs.map(({ id, title, about, at, state, cost }) => (
              <tr key={id}>
                <Td place="first">
                  <TextLink to={`/runs/${id}`}>{about ? `${title}: ${about}` : title}</TextLink>
                </Td>
                <Td place="meta">{at}</Td>
                <Td place="part">{state}</Td>
                <Td numeric place="second">
                  {cost ?? <span className="text-ink-2">Not yet</span>}
                </Td>
              </tr>
            ))}
          </tbody>
        </Table>
      )}
      <PageTurner label="Pages of runs" ways={{ Newest: newest, Older: older }} />
    </Page>
  )
}
