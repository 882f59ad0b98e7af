import { DomainError } from '../domain-error.ts'

const KEYS_PATH = '/settings/api-keys'

/** The email and the password do not match; the message never says which is wrong. */
export class InvalidLogin extends DomainError {
  readonly code = 'invalid_login'
  constructor(message = 'That email and password do not match.') {
    super(message)
  }
}

/** The new password is easy to guess; the message says why. */
export class WeakPassword extends DomainError {
  readonly code = 'weak_password'
}

/** An account with this email exists. */
export class EmailTaken extends DomainError {
  readonly code = 'email_taken'
  constructor() {
    super('An account with this email already exists. Log in, or reset your password.')
  }
}

/** The link was used, is too old, or never existed. */
export class InvalidToken extends DomainError {
  readonly code = 'invalid_token'
  constructor() {
    super('This link no longer works. Request a new one.')
  }
}

/** There is no such API key, or it belongs to another user. */
export class ApiKeyNotFound extends DomainError {
  readonly code = 'api_key_not_found'
  constructor() {
    super('This API key does not exist.')
  }
}

/** The API key has expired. Only who holds the key learns that. */
export class ApiKeyExpired extends DomainError {
  readonly code = 'api_key_expired'
  constructor(readonly expiredAt: Date) {
    const details = { expiredAt: expiredAt.toISOString(), url: KEYS_PATH }
    super(`This API key has expired. Create another one at ${KEYS_PATH}.`, details)
  }
}

/** The API key lacks the scope that the request needs. */
export class InsufficientScope extends DomainError {
  readonly code = 'insufficient_scope'
  constructor(readonly scope: string) {
    const message = `This request needs the scope "${scope}", which this API key lacks. Create a key with it at ${KEYS_PATH}.`
    super(message, { scope, url: KEYS_PATH })
  }
}

/** The API key cannot be rotated (again); the message says why. */
export class ApiKeyNotRotatable extends DomainError {
  readonly code = 'api_key_not_rotatable'
}

/** The user has the maximum number of API keys. */
export class TooManyApiKeys extends DomainError {
  readonly code = 'too_many_api_keys'
  constructor(readonly max: number) {
    super(`You already have ${max} API keys. Revoke one first.`, { max })
  }
}
