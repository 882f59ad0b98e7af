import { Link } from '@remix-run/react'
import { brand } from '../brand.mjs'
import { classNames } from './class-names.ts'
import { ThemeSwitch } from './theme-switch.tsx'

export function SiteFooter({ width = 'landing' }: { width?: 'landing' | 'app' }) {
  return (
    <footer className="footer">
      <div
        className={classNames(
          'mx-auto flex flex-wrap items-center justify-between gap-x-8 gap-y-2 px-(--size-gutter) py-6',
          width === 'app' ? 'max-w-app' : 'max-w-landing',
        )}
      >
        <nav aria-label="About" className="flex flex-wrap gap-x-6 gap-y-2">
          <Link className="footer-link" to="/">
            {brand.name}
          </Link>
          <Link className="footer-link" to="/pricing">
            Pricing
          </Link>
          <Link className="footer-link" to="/actions">
            Actions
          </Link>
          <Link className="footer-link" to="/docs/api">
            API
          </Link>
          <Link className="footer-link" to="/support">
            Support
          </Link>
        </nav>
        <ThemeSwitch />
      </div>
    </footer>
  )
}
