import { createContext, useContext } from 'react'

const NonceContext = createContext('')

export const NonceProvider = NonceContext.Provider

/**
 * The nonce that the page's Content-Security-Policy names; every inline script carries it. In the browser it is empty:
 * there the attribute reads as empty too, so both renders agree.
 */
export function useNonce(): string {
  return useContext(NonceContext)
}
