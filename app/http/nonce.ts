import { createContext, useContext } from 'react'

const NonceContext = createContext('')

export const NonceProvider = NonceContext.Provider

/**
 * The nonce of the page's Content-Security-Policy, for inline scripts. In the browser it is empty, as the attribute reads
 * there, so both renders agree.
 */
export function useNonce(): string {
  return useContext(NonceContext)
}
