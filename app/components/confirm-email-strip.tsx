import { Link } from '@remix-run/react'
import { CONFIRM_PATH } from '../email-confirmation/confirm-path.ts'

/** Stands on every page of a user whose address is not confirmed. */
export function ConfirmEmailStrip() {
  return (
    <aside aria-label="Email confirmation" className="strip" data-no-print>
      <span>Your email is not confirmed.</span>
      <Link to={CONFIRM_PATH} className="link">
        Confirm it
      </Link>
    </aside>
  )
}
