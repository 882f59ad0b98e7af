import { withSearch } from '../with-search.ts'

/** The page that confirms an address. */
export const CONFIRM_PATH = '/verify-email'

/** How long the link in a mail is valid. */
export const CONFIRMATION_HOURS = 24

/** The path of that page; it leads back to `redirectTo`, a path of this site. */
export const confirmPath = (redirectTo: string): string => withSearch(CONFIRM_PATH, { redirectTo })
