import { useSyncExternalStore } from 'react'

const never = () => () => undefined

/** False on the server and in the first render, so that what needs JavaScript appears only where it runs. */
export function useHydrated(): boolean {
  return useSyncExternalStore(
    never,
    () => true,
    () => false,
  )
}
