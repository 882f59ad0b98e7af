import { Link } from '@remix-run/react'
import type { ReactNode } from 'react'
import { brand } from '../brand.mjs'
import { NavItem } from './nav-item.tsx'
import { SiteFooter } from './site-footer.tsx'
import { TestModeStrip } from './test-mode-strip.tsx'

/** The frame of public pages. */
export function PublicFrame({ sandboxUrl = null, children }: { sandboxUrl?: string | null; children: ReactNode }) {
  return (
    <>
      <TestModeStrip sandboxUrl={sandboxUrl} />
      <header className="bar">
        <div className="bar-inner max-w-landing">
          <Link to="/" className="wordmark">
            {brand.name}
          </Link>
          <nav aria-label="Main" className="ml-auto flex flex-wrap items-center gap-x-4">
            <NavItem to="/pricing">Pricing</NavItem>
            <NavItem to="/login">Log in</NavItem>
            <NavItem to="/signup">Sign up</NavItem>
          </nav>
        </div>
      </header>
      {children}
      <SiteFooter />
    </>
  )
}
