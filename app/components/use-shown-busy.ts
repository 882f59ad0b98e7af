import { useEffect, useRef, useState } from 'react'

const SHOW_AFTER_MS = 400
const SHOW_AT_LEAST_MS = 300

/** Whether to show progress: not for quick work, and never for an instant only. */
export function useShownBusy(busy: boolean): boolean {
  const [shown, setShown] = useState(false)
  const shownAt = useRef(0)

  useEffect(() => {
    if (busy === shown) return
    const wait = busy ? SHOW_AFTER_MS : Math.max(0, shownAt.current + SHOW_AT_LEAST_MS - Date.now())
    const timer = setTimeout(() => {
      if (busy) shownAt.current = Date.now()
      setShown(busy)
    }, wait)
    return () => clearTimeout(timer)
  }, [busy, shown])

  return shown
}
