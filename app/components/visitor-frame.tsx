import type { ReactNode } from 'react'
import { AppFrame, type SignedInFrame } from './app-frame.tsx'
import { PublicFrame } from './public-frame.tsx'

/** The frame of a page that anyone may see: signed-in users keep their bar and balance. */
export function VisitorFrame({
  frame,
  sandboxUrl,
  children,
}: {
  /** Null for a visitor. */
  frame: SignedInFrame | null
  sandboxUrl: string | null
  children: ReactNode
}) {
  return frame ? (
    <AppFrame {...frame} width="landing">
      {children}
    </AppFrame>
  ) : (
    <PublicFrame sandboxUrl={sandboxUrl}>{children}</PublicFrame>
  )
}
