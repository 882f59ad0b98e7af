import { GiftBadge } from '#app/components/badge.tsx'
import { EmptyState } from '#app/components/empty-state.tsx'
import { GrantMeter } from '#app/components/grant-meter.tsx'
import { Note, NoteFace, NoteStub } from '#app/components/note.tsx'
import { PaperLink } from '#app/components/paper-link.tsx'
import { TextLink } from '#app/components/text-link.tsx'
import type { GrantView } from './grant-views.server.ts'

const SHOWN = 6

/** Shows what can be used now, and only the first that starts later: the months of a year would fill the page. */
function firstOf(grants: GrantView[]): number {
  const waiting = grants.findIndex(({ share }) => share === null)
  return Math.min(SHOWN, waiting < 0 ? grants.length : waiting + 1)
}

const rowsOf = ({ length }: GrantView[]) => (length > 1 ? 'grid gap-2 lg:grid-cols-2' : 'grid gap-2')

/** The credits by source, in the order in which they are used. */
export function GrantStack({ grants }: { grants: GrantView[] }) {
  if (grants.length === 0) {
    return <EmptyState>No credits left. Credits you buy will appear here.</EmptyState>
  }
  const shown = firstOf(grants)
  const rest = grants.slice(shown)
  return (
    <div className="grid gap-4">
      <ol className={rowsOf(grants)}>
        {grants.slice(0, shown).map((grant) => (
          <GrantNote key={grant.id} grant={grant} />
        ))}
      </ol>
      {rest.length > 0 ? (
        <details>
          <summary className="w-fit cursor-pointer link">Show {rest.length} more</summary>
          <ol className={`mt-4 ${rowsOf(rest)}`} start={shown + 1}>
            {rest.map((grant) => (
              <GrantNote key={grant.id} grant={grant} />
            ))}
          </ol>
        </details>
      ) : null}
    </div>
  )
}

function GrantNote({ grant }: { grant: GrantView }) {
  return (
    <Note as="li" stub="side" className="grant-note">
      <NoteFace>
        <div className="flex flex-wrap items-baseline justify-between gap-x-4">
          <p className="font-semibold">
            <TextLink to={grant.href}>{grant.name}</TextLink>
          </p>
          <p className="text-table text-ink-2">
            <span className="font-semibold text-ink">{grant.left.figure}</span> {grant.left.of}
          </p>
        </div>
        <GrantMeter name={grant.name} share={grant.share} />
      </NoteFace>
      <NoteStub>
        <p className="flex flex-wrap items-center gap-2 font-semibold">
          {grant.position}
          {grant.isPromotional ? <GiftBadge /> : null}
        </p>
        <p className="text-ink-2">{[grant.expires, grant.reserved].filter(Boolean).join(', ')}</p>
        {grant.why ? <p className="text-ink-2">{grant.why}</p> : null}
        {grant.paid ? (
          <p className="flex flex-wrap items-center gap-x-4 text-ink-2">
            {grant.paid}
            {grant.paper ? <PaperLink name={grant.paper.name} of={grant.name} href={grant.paper.url} /> : null}
          </p>
        ) : null}
      </NoteStub>
    </Note>
  )
}
