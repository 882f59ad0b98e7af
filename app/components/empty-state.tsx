import type { ReactNode } from 'react'
import { ButtonLink } from './button.tsx'

/** Shown when a list is empty: what belongs here, why there is nothing, and the next step. */
export function EmptyState({ children, next }: { children: ReactNode; next?: { label: string; to: string } | null }) {
  return (
    <div className="grid justify-items-start gap-4 rounded-sheet border border-rule bg-sheet p-6">
      <p className="text-ink-2">{children}</p>
      {next ? (
        <ButtonLink to={next.to} kind="outline">
          {next.label}
        </ButtonLink>
      ) : null}
    </div>
  )
}
