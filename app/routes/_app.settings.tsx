import { Outlet } from '@remix-run/react'
import { NavItem } from '#app/components/nav-item.tsx'
import { Page } from '#app/components/page.tsx'

/** The sections are beside the form, on a phone above it. */
export default function Settings() {
  return (
    <Page title="Settings">
      <div className="grid grid-cols-[minmax(0,1fr)] gap-8 md:grid-cols-[12rem_minmax(0,1fr)]">
        <nav aria-label="Settings" className="side-nav">
          <NavItem to="/settings" end>
            Profile
          </NavItem>
          <NavItem to="/settings/password">Password</NavItem>
          <NavItem to="/settings/api-keys">API keys</NavItem>
          <NavItem to="/settings/spending">Spending</NavItem>
          <NavItem to="/settings/notifications">Notifications</NavItem>
          <NavItem to="/settings/sessions">Sessions</NavItem>
        </nav>
        <div className="grid max-w-text grid-cols-[minmax(0,1fr)] content-start gap-12">
          <Outlet />
        </div>
      </div>
    </Page>
  )
}
