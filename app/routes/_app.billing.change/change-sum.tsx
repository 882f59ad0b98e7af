import { SumTable } from '#app/components/sum-table.tsx'
import type { ChangeView } from './change-view.ts'

/** What a change comes to today: money in one column, credits in the other. */
export function ChangeSum({ sum }: { sum: NonNullable<ChangeView['sum']> }) {
  return (
    <div className="rounded-sheet border border-rule bg-sheet p-6">
      <SumTable
        caption="What the change comes to today"
        columns={['Money', 'Credits']}
        rows={sum.rows.map(({ label, money, credits }) => ({ label, values: [money, credits] }))}
        total={[
          { label: 'You pay now', values: [sum.total.money, ''] },
          { label: 'You get now', values: ['', <Credits key="credits">{sum.total.credits}</Credits>] },
        ]}
      />
    </div>
  )
}

/** The column says what is counted; alone, as it may be read out, it says so itself. */
const Credits = ({ children }: { children: string }) => (
  <>
    {children}
    <span className="sr-only"> credits</span>
  </>
)
