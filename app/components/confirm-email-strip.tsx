import { CONFIRM_PATH } from '../email-confirmation/confirm-path.ts'
import { TextLink } from './text-link.tsx'

/** Shown on every page until the user has confirmed the address. */
export function ConfirmEmailStrip() {
  return (
    <aside aria-label="Email confirmation" className="strip" data-no-print>
      <span>Your email is not confirmed.</span>
      <TextLink to={CONFIRM_PATH}>Confirm it</TextLink>
    </aside>
  )
}
