import { Form, Link, NavLink, useLocation } from '@remix-run/react'
import { CircleUser, Menu } from 'lucide-react'
import type { ReactNode } from 'react'
import { brand } from '../brand.mjs'
import { classNames } from './class-names.ts'
import { ConfirmEmailStrip } from './confirm-email-strip.tsx'
import { NavItem } from './nav-item.tsx'
import { SiteFooter } from './site-footer.tsx'
import { TestModeStrip } from './test-mode-strip.tsx'

const PLACES = [
  { to: '/dashboard', label: 'Overview' },
  { to: '/actions', label: 'Actions' },
  { to: '/runs', label: 'Runs' },
  { to: '/usage', label: 'Usage' },
  { to: '/billing', label: 'Billing' },
  { to: '/settings', label: 'Settings' },
]

/** What the bar around a signed-in user's pages shows. */
export interface SignedInFrame {
  /** The name of the user, or the address where there is none. */
  person: string
  email: string
  /** "1,840 credits" */
  balance: string | null
  isConfirmed?: boolean
  sandboxUrl: string | null
}

/** The frame of every page for signed-in users. */
export function AppFrame({
  person,
  email,
  balance,
  isConfirmed = true,
  sandboxUrl,
  width = 'app',
  children,
}: SignedInFrame & { width?: 'app' | 'landing'; children: ReactNode }) {
  return (
    <>
      <TestModeStrip sandboxUrl={sandboxUrl} />
      <header className="bar">
        <div className={classNames('bar-inner', width === 'app' ? 'max-w-app' : 'max-w-landing')}>
          <Link to="/dashboard" className="wordmark">
            {brand.name}
          </Link>
          <nav aria-label="Main" className="hidden gap-4 lg:flex">
            {PLACES.map((place) => (
              <NavItem key={place.to} to={place.to}>
                {place.label}
              </NavItem>
            ))}
          </nav>
          <div className="ml-auto flex flex-wrap items-center gap-x-4">
            {balance ? (
              <Link to="/usage" className="balance-link">
                {balance}
              </Link>
            ) : null}
            <AccountMenu person={person} email={email} />
            <PhoneMenu email={email} />
          </div>
        </div>
      </header>
      {isConfirmed ? null : <ConfirmEmailStrip />}
      {children}
      <SiteFooter width={width} />
    </>
  )
}

function AccountMenu({ person, email }: { person: string; email: string }) {
  return (
    <div className="hidden lg:block">
      <button type="button" popovertarget="account-menu" className="account-button">
        <CircleUser aria-hidden size={20} strokeWidth={1.75} />
        <span className="account-name">{person}</span>
        <span className="sr-only">, account menu</span>
      </button>
      <div id="account-menu" popover="auto" className="menu">
        <p className="px-3 py-2 text-table wrap-anywhere text-ink-2">Signed in as {email}</p>
        <Link to="/settings" className="menu-item">
          Settings
        </Link>
        <LogOut />
      </div>
    </div>
  )
}

/** Opens without JavaScript; with it, the new key closes the menu when the page changes. */
function PhoneMenu({ email }: { email: string }) {
  const location = useLocation()
  return (
    <details className="phone-menu lg:hidden" key={location.key}>
      <summary>
        <Menu aria-hidden size={20} strokeWidth={1.75} />
        Menu
      </summary>
      <div className="phone-menu-panel">
        <nav aria-label="Main">
          {PLACES.map((place) => (
            <NavLink key={place.to} to={place.to} className="menu-item">
              {place.label}
            </NavLink>
          ))}
        </nav>
        <p className="px-3 py-2 text-table wrap-anywhere text-ink-2">Signed in as {email}</p>
        <LogOut />
      </div>
    </details>
  )
}

function LogOut() {
  return (
    <Form method="post" action="/logout">
      <button className="menu-item">Log out</button>
    </Form>
  )
}
