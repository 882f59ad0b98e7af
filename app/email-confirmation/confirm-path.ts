/** The page that confirms an address. */
export const CONFIRM_PATH = '/verify-email'

/** How long the link in a mail is valid. */
export const CONFIRMATION_HOURS = 24

/** The path of that page; it leads back to `redirectTo`, a path of this site. */
export function confirmPath(redirectTo: string | null): string {
  return redirectTo ? `${CONFIRM_PATH}?${new URLSearchParams({ redirectTo }).toString()}` : CONFIRM_PATH
}
