import type { ReactNode } from 'react'

/** Shown when a list is empty: what belongs here, why there is nothing, and the next step. */
export function EmptyState({ children, action }: { children: ReactNode; action?: ReactNode }) {
  return (
    <div className="grid justify-items-start gap-4 rounded-sheet border border-rule bg-sheet p-6">
      <p className="text-ink-2">{children}</p>
      {action}
    </div>
  )
}
