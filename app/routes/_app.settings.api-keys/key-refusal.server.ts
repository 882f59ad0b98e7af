import type { User } from '#models/user.server.ts'
import { checkMayCreateKey } from '#app/auth/api-key.server.ts'
import { FeatureNotInPlan } from '#app/billing/errors.ts'
import { DomainError } from '#app/domain-error.ts'
import { confirmPath } from '#app/email-confirmation/confirm-path.ts'
import { EmailNotConfirmed } from '#app/email-confirmation/errors.ts'
import { withSearch } from '#app/with-search.ts'

const HERE = '/settings/api-keys'

interface KeyRefusal {
  message: string
  wayOut: { label: string; to: string }
}

/** Why a user cannot create an API key, and what helps; null if they can. */
export function keyRefusal(user: User): KeyRefusal | null {
  try {
    checkMayCreateKey(user)
    return null
  } catch (error) {
    if (!(error instanceof DomainError)) throw error
    return { message: error.message, wayOut: wayOutOf(error) }
  }
}

function wayOutOf(error: DomainError): KeyRefusal['wayOut'] {
  if (error instanceof FeatureNotInPlan) {
    const to = withSearch('/billing/upgrade', { feature: error.feature, redirectTo: HERE })
    return { label: 'See plans with API access', to }
  }
  if (error instanceof EmailNotConfirmed) {
    return { label: 'Confirm your email', to: confirmPath(HERE) }
  }
  return { label: 'Go to Billing', to: '/billing' }
}
