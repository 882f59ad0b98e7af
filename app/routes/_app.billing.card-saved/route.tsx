import type { LoaderFunctionArgs, MetaFunction } from '@remix-run/node'
import { useLoaderData } from '@remix-run/react'
import { requireUser } from '#app/auth/require-user.server.ts'
import { cardStatus } from '#app/billing/dunning/card-status.server.ts'
import { ButtonLink } from '#app/components/button.tsx'
import { Note, NoteFace, NoteStub } from '#app/components/note.tsx'
import { pageTitle } from '#app/components/page-title.ts'
import { BillingButton } from '#app/components/standing-notices.tsx'
import { usePolling } from '#app/components/use-polling.ts'
import { toCardView } from './card-view.ts'

export const meta: MetaFunction<typeof loader> = ({ data: page }) => pageTitle(page?.view.title ?? 'Card')

/** Stripe's page for the card returns here: is the open payment paid now? */
export async function loader({ request }: LoaderFunctionArgs) {
  const user = await requireUser(request)
  const status = await cardStatus(user)
  const isPaused = user.subscription?.status === 'paused'
  return {
    view: toCardView(status, { isSlow: false }),
    slowView: toCardView(status, { isSlow: true }),
    // A user who needed a card to resume the plan can do so now.
    restarts: status.state === 'saved' && isPaused ? (user.subscription?.plan ?? null) : null,
  }
}

export default function CardSaved() {
  const { view: first, slowView, restarts } = useLoaderData<typeof loader>()
  const isSlow = usePolling(first.isWaiting)
  const view = isSlow ? slowView : first
  return (
    <main id="main" tabIndex={-1} className="mx-auto w-full max-w-text px-(--size-gutter) py-12">
      <Note as="div">
        <NoteFace className="grid gap-2">
          <div role="status">
            <h1>{view.title}</h1>
            {view.text ? <p className="mt-2 text-ink-2">{view.text}</p> : null}
          </div>
          {view.isWaiting ? (
            <noscript>
              <a className="link" href="/billing/card-saved">
                Refresh
              </a>
            </noscript>
          ) : null}
        </NoteFace>
        <NoteStub className="grid gap-3 sm:flex">
          {view.action?.kind === 'another-card' ? (
            <ButtonLink to="/billing/update-card" reloadDocument>
              Use another card
            </ButtonLink>
          ) : null}
          {view.action?.kind === 'bank' ? (
            <a className="button" data-kind="ink" href={view.action.url ?? '/billing'}>
              Continue at the bank
            </a>
          ) : null}
          {restarts ? (
            <BillingButton intent="restart" kind="ink">
              Resume {restarts}
            </BillingButton>
          ) : null}
          <ButtonLink to="/billing" kind="outline">
            Go to billing
          </ButtonLink>
        </NoteStub>
      </Note>
    </main>
  )
}
