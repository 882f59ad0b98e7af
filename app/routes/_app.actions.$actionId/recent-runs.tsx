import { Link } from '@remix-run/react'
import type { ActionPage } from '#app/actions/action-page.server.ts'

/** The latest results. They are paid for, so they stay. */
export function RecentRuns({
  actionId,
  runs,
  current,
}: {
  actionId: string
  runs: ActionPage['recent']
  current: string | null
}) {
  return (
    <ul className="grid grid-cols-[minmax(0,1fr)] rounded-sheet border border-rule bg-sheet text-table">
      {runs.map(({ id, text, at }) => (
        <li
          key={id}
          className="flex flex-wrap items-baseline justify-between gap-x-6 gap-y-1 px-4 py-2 not-first:border-t not-first:border-rule"
        >
          <Link
            to={`/actions/${actionId}?run=${id}#result`}
            className="max-w-full min-w-0 truncate py-1 link"
            aria-current={id === current ? 'page' : undefined}
          >
            {text}
          </Link>
          <span className="text-ink-2">{at}</span>
        </li>
      ))}
    </ul>
  )
}
