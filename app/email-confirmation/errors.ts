import { DomainError } from '../domain-error.ts'
import { CONFIRM_PATH } from './confirm-path.ts'

/** The user has not proven that the account's address is theirs. */
export class EmailNotConfirmed extends DomainError {
  readonly code = 'email_not_confirmed'
  constructor() {
    super('Confirm your email address first: open the link in the email we sent you.', { url: CONFIRM_PATH })
  }
}
