import { Badge } from '#app/components/badge.tsx'
import { ButtonLink } from '#app/components/button.tsx'
import { Denomination, Note, NoteFace, NoteStub, StubList } from '#app/components/note.tsx'
import { NoticeButton } from '#app/components/standing-notices.tsx'
import { TextLink } from '#app/components/text-link.tsx'
import type { BalanceView } from './balance-view.ts'

/** To spend, or to solve what prevents it. */
function MainButton({ view: { main, plan } }: { view: BalanceView }) {
  if (main === 'use') return <ButtonLink to="/actions">Use credits</ButtonLink>
  if (main === 'buy') {
    return (
      <ButtonLink to="/billing#packs" kind="green">
        Buy credits
      </ButtonLink>
    )
  }
  return main === null ? null : <NoticeButton action={main} plan={plan} kind="ink" />
}

/** The balance; on the stub, where it comes from and what happens next. */
export function BalanceNote({ view }: { view: BalanceView }) {
  return (
    <Note stub="side" aria-labelledby="balance">
      <NoteFace className="flex flex-col">
        <h2 id="balance" className="font-text text-table font-normal text-ink-2">
          {view.label}
        </h2>
        <p>
          <Denomination tone={view.isNegative ? 'debt' : undefined}>{view.credits}</Denomination>
        </p>
        {view.sentences.map((sentence) => (
          <p key={sentence} className="mt-1 text-ink-2">
            {sentence}
          </p>
        ))}
        {view.isNegative ? (
          <p className="mt-1">
            <TextLink to="/usage?kind=corrected">See what was taken back</TextLink>
          </p>
        ) : null}
        <div className="mt-auto grid gap-3 pt-6 sm:flex">
          <MainButton view={view} />
          {view.main === 'buy' ? null : (
            <ButtonLink to="/billing#packs" kind={view.main === 'use' ? 'green' : 'outline'}>
              Buy credits
            </ButtonLink>
          )}
          {view.main === 'use' ? null : (
            <ButtonLink to="/actions" kind="outline">
              Use credits
            </ButtonLink>
          )}
        </div>
      </NoteFace>
      <NoteStub>
        <StubList
          rows={[
            {
              term: 'Plan',
              value: (
                <span className="flex flex-wrap items-center gap-2">
                  {view.plan} {view.badge ? <Badge tone={view.badge.tone}>{view.badge.text}</Badge> : null}
                </span>
              ),
            },
            ...view.stub,
          ]}
        />
        <p className="mt-4">
          <TextLink to={view.isLive ? '/billing#change' : '/pricing'}>
            {view.isLive ? 'Change plan' : 'See plans'}
          </TextLink>
        </p>
      </NoteStub>
    </Note>
  )
}
