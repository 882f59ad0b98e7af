import { SumTable } from '#app/components/sum-table.tsx'
import type { ChangeView } from './change-view.ts'

/** What a change comes to today: what is charged less what comes back, and the credits that are added. */
export function ChangeSum({ sum }: { sum: NonNullable<ChangeView['sum']> }) {
  return (
    <div className="rounded-sheet border border-rule bg-sheet p-6">
      <SumTable
        caption="What the change costs today"
        rows={sum.rows.map(({ label, money }) => ({ label, value: money }))}
        total={[
          { label: 'You pay now', value: sum.total.money },
          { label: 'You get now', value: sum.total.credits },
        ]}
      />
    </div>
  )
}
