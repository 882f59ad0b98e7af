import { useEffect } from 'react'
import { useAnnounce } from '../components/status-region.tsx'

/**
 * Says "Saved." where screen readers hear it.
 * @param saved what the server said; a new object each time says it again
 */
export function useSaved(saved: object | boolean | null | undefined): void {
  const announce = useAnnounce()
  useEffect(() => {
    if (saved) announce('Saved.')
  }, [saved, announce])
}
