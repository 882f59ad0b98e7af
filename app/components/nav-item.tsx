import { NavLink } from '@remix-run/react'

export function NavItem({ to, end, children }: { to: string; end?: boolean; children: string }) {
  return (
    <NavLink to={to} end={end} className="nav-link" data-label={children}>
      {children}
    </NavLink>
  )
}
