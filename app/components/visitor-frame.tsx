import type { ReactNode } from 'react'
import { AppFrame, type SignedInFrame } from './app-frame.tsx'
import { PublicFrame } from './public-frame.tsx'

/** What stands around a page that anybody may see: who is signed in keeps their bar and balance. */
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
