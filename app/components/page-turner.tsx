import { Link } from '@remix-run/react'

/** The ways to the other pages of a long list: there is no counting, so only back and on. */
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
