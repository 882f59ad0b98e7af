import type { ApiKey, ApiScope } from '#models/api-key.server.ts'
import { InsufficientScope } from './errors.ts'

/** What a key may do: a key that may spend may read, too. */
export const SCOPES = { read: ['read'], spend: ['read', 'spend'] } satisfies Record<ApiScope, ApiScope[]>

/** The scopes of a key. A key from before there were scopes has all of them. */
export const scopesOf = ({ scopes }: Pick<ApiKey, 'scopes'>): readonly ApiScope[] => scopes ?? SCOPES.spend

/**
 * Lets through who has a scope. A key's scopes never change, so those in memory may refuse.
 * @throws InsufficientScope
 */
export function requireScope({ scopes }: { scopes: readonly ApiScope[] }, scope: ApiScope): void {
  if (!scopes.includes(scope)) throw new InsufficientScope(scope)
}
