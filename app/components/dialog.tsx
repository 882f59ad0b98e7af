import { type ReactNode, useEffect, useRef } from 'react'

/**
 * The browser's own dialog: it keeps the focus, makes the rest inert and closes on Esc by itself. Nothing may be possible
 * only here: each dialog is first a page of its own.
 */
export function Dialog({
  open,
  onClose,
  titleId,
  title,
  children,
}: {
  open: boolean
  onClose: () => void
  titleId: string
  title: ReactNode
  children: ReactNode
}) {
  const dialog = useRef<HTMLDialogElement>(null)

  useEffect(() => {
    const element = dialog.current
    if (!element || element.open === open) return
    if (open) {
      element.showModal()
      document.getElementById(titleId)?.focus()
    } else {
      element.close()
    }
  }, [open, titleId])

  return (
    <dialog ref={dialog} className="dialog" aria-labelledby={titleId} onClose={onClose}>
      {open ? (
        <>
          <h2 id={titleId} tabIndex={-1}>
            {title}
          </h2>
          {children}
        </>
      ) : null}
    </dialog>
  )
}
