/** Where an address is confirmed, as a path of this site. */
export const CONFIRM_PATH = '/verify-email'

/** How long the link in a mail works. */
export const CONFIRMATION_HOURS = 24

/**
 * The address of that page.
 * @param redirectTo a path of this site, for the page to lead back to
 */
export function confirmPath(redirectTo: string | null): string {
  return redirectTo ? `${CONFIRM_PATH}?${new URLSearchParams({ redirectTo }).toString()}` : CONFIRM_PATH
}
