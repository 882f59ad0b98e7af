import { Link } from '@remix-run/react'

/** Links to the other pages of a long list. Pages are not counted, so there is only back and forth. */
export function PageTurner({ label, ways }: { label: string; ways: Record<string, string | null> }) {
  const open = Object.entries(ways).filter((way): way is [string, string] => way[1] !== null)
  if (open.length === 0) return null
  return (
    <nav aria-label={label} className="flex gap-4">
      {open.map(([name, to]) => (
        <Link key={name} to={to} className="button" data-kind="outline">
          {name}
        </Link>
      ))}
    </nav>
  )
}
