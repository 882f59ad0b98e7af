import { Link, useLocation } from '@remix-run/react'
import { useEffect, useRef } from 'react'
import { Ledger, type LedgerDay } from '#app/components/ledger.tsx'
import type { LedgerPage } from '#app/usage/usage-page.server.ts'

/** One page of the ledger with the way to the next ones. After turning a page the focus is on what it shows. */
export function LedgerPages({ ledger, busy }: { ledger: LedgerPage; busy: boolean }) {
  const range = useRef<HTMLParagraphElement>(null)
  const { search } = useLocation()
  const shown = useRef(search)
  useEffect(() => {
    if (shown.current === search) return
    shown.current = search
    range.current?.focus()
  }, [search])

  const days: LedgerDay[] = ledger.days.map((day) => ({
    ...day,
    lines: day.lines.map(({ detail, ...line }) => ({
      ...line,
      title: <Detail title={line.title} rows={detail} />,
    })),
  }))
  return (
    <>
      <p ref={range} tabIndex={-1} role="status" className="text-table text-ink-2">
        {ledger.range}
      </p>
      <Ledger days={days} labelledBy="ledger" sticky busy={busy} />
      {ledger.newer || ledger.older ? (
        <nav aria-label="Pages of the ledger" className="flex gap-4">
          {ledger.newer ? (
            <Link to={ledger.newer} className="button" data-kind="outline">
              Newer
            </Link>
          ) : null}
          {ledger.older ? (
            <Link to={ledger.older} className="button" data-kind="outline">
              Older
            </Link>
          ) : null}
        </nav>
      ) : null}
    </>
  )
}

/** An entry that unfolds to what one seldom asks for: when exactly, which grants paid, the names that support needs. */
function Detail({ title, rows }: { title: string; rows: [label: string, text: string][] }) {
  return (
    <details>
      <summary className="cursor-pointer">{title}</summary>
      <dl className="grid gap-1 py-2 text-fine text-ink-2">
        {rows.map(([label, text], index) => (
          <div key={index} className="flex flex-wrap gap-x-2">
            <dt>{label}</dt>
            <dd className="min-w-0 break-all">{text}</dd>
          </div>
        ))}
      </dl>
    </details>
  )
}
