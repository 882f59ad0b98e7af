import { data, type LoaderFunctionArgs, type MetaFunction } from '@remix-run/node'
import { useLoaderData } from '@remix-run/react'
import { requireUser } from '#app/auth/require-user.server.ts'
import { findPaymentsBehind } from '#app/billing/purchases/grant-payments.server.ts'
import { now } from '#app/clock.server.ts'
import { GiftBadge } from '#app/components/badge.tsx'
import { GrantMeter } from '#app/components/grant-meter.tsx'
import { Denomination, Note, NoteFace, NoteStub, StubList } from '#app/components/note.tsx'
import { Page, Section } from '#app/components/page.tsx'
import { pageTitle } from '#app/components/page-title.ts'
import { PageTurner } from '#app/components/page-turner.tsx'
import { PaperLink } from '#app/components/paper-link.tsx'
import { SumTable } from '#app/components/sum-table.tsx'
import { TextLink } from '#app/components/text-link.tsx'
import { readGrantHistory } from '#app/credits/grant-history.server.ts'
import { parseCursor } from '#app/usage/filters.ts'
import { grantHref } from '#app/usage/grant-words.server.ts'
import { GrantLines } from './grant-lines.tsx'
import { toGrantHistoryView } from './history-view.server.ts'

export const meta: MetaFunction<typeof loader> = ({ data: page }) => pageTitle(page?.view.name ?? 'Credits')

/** One grant: its payment, its usage, what is left. */
export async function loader({ request, params }: LoaderFunctionArgs) {
  const user = await requireUser(request)
  const grantId = params['grantId'] ?? ''
  const before = parseCursor(new URL(request.url).searchParams.get('before'))
  const history = await readGrantHistory(user._id, grantId, { before: before ?? undefined })
  if (!history) throw data(null, { status: 404 })
  const payments = await findPaymentsBehind(user._id, [history.terms.source])
  const href = grantHref(grantId)
  return {
    view: toGrantHistoryView(history, payments, { timeZone: user.timeZone, now: now() }),
    older: history.nextBefore === null ? null : `${href}?before=${history.nextBefore}`,
    newest: before === null ? null : href,
  }
}

export default function GrantPage() {
  const { view, older, newest } = useLoaderData<typeof loader>()
  return (
    <Page title={view.name}>
      <Note stub="side" as="div">
        <NoteFace>
          <p className="flex flex-wrap items-baseline gap-x-2">
            <Denomination>{view.figure}</Denomination> {view.figureNote}
            {view.isPromotional ? <GiftBadge /> : null}
          </p>
          <GrantMeter name={view.name} share={view.share} />
          <SumTable
            caption="How these credits were used"
            className="mt-6"
            rows={view.sum.rows.map(({ label, credits }) => ({ label, value: credits }))}
            total={{ label: view.sum.total.label, value: view.sum.total.credits }}
          />
        </NoteFace>
        <NoteStub>
          <StubList rows={view.stub} />
          {view.paper ? (
            <p className="mt-4">
              <PaperLink name={view.paper.name} of={view.name} href={view.paper.url} />
            </p>
          ) : null}
        </NoteStub>
      </Note>
      <Section id="entries" title="Usage" lead="The ledger entries that changed these credits, and by how many.">
        <GrantLines lines={view.lines} labelledBy="entries" />
        <PageTurner label="Pages of usage" ways={{ Newest: newest, Older: older }} />
      </Section>
      <p className="flex flex-wrap gap-x-6 gap-y-2">
        <TextLink to="/billing#grants">Back to billing</TextLink>
        <TextLink to="/usage">View all activity</TextLink>
      </p>
    </Page>
  )
}
