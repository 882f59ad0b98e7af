import { useNavigation } from '@remix-run/react'

/** The sign that a page is on its way. It waits 400 ms in CSS, so that what is quick does not flash. */
export function LoadingBar() {
  const { state } = useNavigation()
  return state === 'idle' ? null : <div className="loading-bar" aria-hidden data-no-print />
}
