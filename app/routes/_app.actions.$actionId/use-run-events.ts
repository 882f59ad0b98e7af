import { useEffect, useState } from 'react'

/** What a streamed run has written, and what it has used. */
interface Written {
  text: string
  spent: string
}

/**
 * Follows a streamed run.
 * @param href of its events; null where there is nothing to follow
 * @param onEnd called once the run has ended
 */
export function useRunEvents(href: string | null, onEnd: () => void): Written | null {
  const [written, setWritten] = useState<Written | null>(null)
  useEffect(() => {
    if (!href) return
    const events = new EventSource(href)
    events.addEventListener('progress', ({ data }: MessageEvent<string>) => {
      if (data) setWritten(JSON.parse(data) as Written)
    })
    events.addEventListener('end', () => {
      events.close()
      onEnd()
    })
    return () => events.close()
  }, [href, onEnd])
  return href ? written : null
}
