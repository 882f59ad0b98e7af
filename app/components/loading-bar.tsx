import { useNavigation } from '@remix-run/react'

/** Shows that a page is loading. CSS delays it by 400 ms, so that it does not flash on quick pages. */
export function LoadingBar() {
  const { state } = useNavigation()
  return state === 'idle' ? null : <div className="loading-bar" aria-hidden data-no-print />
}
