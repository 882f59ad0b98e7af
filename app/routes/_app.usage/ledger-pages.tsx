import { useLocation } from '@remix-run/react'
import { useEffect, useRef } from 'react'
import { EntryDetail } from '#app/components/entry-detail.tsx'
import { Ledger, type LedgerDay } from '#app/components/ledger.tsx'
import { PageTurner } from '#app/components/page-turner.tsx'
import type { LedgerPage } from '#app/usage/usage-page.server.ts'

/** One page of the ledger, with links to the others. A new page takes the focus. */
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
    lines: day.lines.map(({ detail, run, ...line }) => ({
      ...line,
      title: <EntryDetail title={line.title} rows={detail} run={run} />,
    })),
  }))
  return (
    <>
      <p ref={range} tabIndex={-1} role="status" className="text-table text-ink-2">
        {ledger.range}
      </p>
      <Ledger days={days} labelledBy="ledger" sticky busy={busy} />
      <PageTurner label="Pages of the ledger" ways={{ Newer: ledger.newer, Older: ledger.older }} />
    </>
  )
}
