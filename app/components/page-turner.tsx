import { Link } from '@remix-run/react'

/** The ways to the other pages of a long list: there is no counting, so only back to the start and on. */
export function PageTurner({ label, newest, older }: { label: string; newest: string | null; older: string | null }) {
  if (!newest && !older) return null
  return (
    <nav aria-label={label} className="flex gap-4">
      {newest ? (
        <Link to={newest} className="button" data-kind="outline">
          Newest
        </Link>
      ) : null}
      {older ? (
        <Link to={older} className="button" data-kind="outline">
          Older
        </Link>
      ) : null}
    </nav>
  )
}
