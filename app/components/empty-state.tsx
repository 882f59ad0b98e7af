import type { ReactNode } from 'react'

/** Stands in the place of what is missing: what would be here, why it is not, and one way on. */
export function EmptyState({ children, action }: { children: ReactNode; action?: ReactNode }) {
  return (
    <div className="grid justify-items-start gap-4 rounded-sheet border border-rule bg-sheet p-6">
      <p className="text-ink-2">{children}</p>
      {action}
    </div>
  )
}
