import { X } from 'lucide-react'
import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from 'react'

const SHOWN_FOR_MS = 6_000

interface Status {
  text: string
  /** Two equal messages in a row are two messages. */
  number: number
}

const Announce = createContext<(text: string) => void>(() => undefined)

/** Announces that something is done: "Copied.". Not for errors, money or anything that must be read: it goes away. */
export function useAnnounce(): (text: string) => void {
  return useContext(Announce)
}

/** Holds the region for such messages, from the first render on: screen readers need it to be there. */
export function StatusRegion({ children }: { children: ReactNode }) {
  const [status, setStatus] = useState<Status | null>(null)
  const [held, setHeld] = useState(false)

  const announce = useCallback((text: string) => {
    setStatus((last) => ({ text, number: (last?.number ?? 0) + 1 }))
  }, [])

  useEffect(() => {
    if (!status || held) return
    const timer = setTimeout(() => setStatus(null), SHOWN_FOR_MS)
    return () => clearTimeout(timer)
  }, [status, held])

  const hold = useMemo(
    () => ({
      onMouseEnter: () => setHeld(true),
      onMouseLeave: () => setHeld(false),
      onFocus: () => setHeld(true),
      onBlur: () => setHeld(false),
    }),
    [],
  )

  return (
    <Announce.Provider value={announce}>
      {children}
      <div role="status">
        {status ? (
          <div key={status.number} className="toast" {...hold}>
            <span>{status.text}</span>
            <button
              type="button"
              aria-label="Close"
              className="grid size-6 place-items-center"
              onClick={() => setStatus(null)}
            >
              <X aria-hidden size={20} strokeWidth={1.75} />
            </button>
          </div>
        ) : null}
      </div>
    </Announce.Provider>
  )
}
