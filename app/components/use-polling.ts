import { useRevalidator } from '@remix-run/react'
import { useEffect, useState } from 'react'

const EVERY_MS = 1_500
const SLOW_AFTER_MS = 20_000
const EVERY_WHEN_SLOW_MS = 6_000

/**
 * Reloads the page's data until it is no longer waiting.
 * @returns whether it has waited so long that the page should say so
 */
export function usePolling(isWaiting: boolean): boolean {
  const { revalidate, state } = useRevalidator()
  const [isSlow, setSlow] = useState(false)

  useEffect(() => {
    if (!isWaiting) return
    const timer = setTimeout(() => setSlow(true), SLOW_AFTER_MS)
    return () => clearTimeout(timer)
  }, [isWaiting])

  useEffect(() => {
    if (!isWaiting || state !== 'idle') return
    const timer = setTimeout(revalidate, isSlow ? EVERY_WHEN_SLOW_MS : EVERY_MS)
    return () => clearTimeout(timer)
  }, [isWaiting, isSlow, state, revalidate])

  return isSlow
}
