import { Link, useLocation } from '@remix-run/react'
import { useEffect, useRef } from 'react'
import { EntryDetail } from '#app/components/entry-detail.tsx'
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
      title: <EntryDetail title={line.title} rows={detail} />,
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
