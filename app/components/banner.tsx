import type { ReactNode } from 'react'
import { TONE_ICONS, type Tone } from './badge.tsx'

/** One sentence about the whole page, with one action. It stays while it is true, so it cannot be closed. */
export function Banner({
  tone,
  children,
  action,
}: {
  tone: Exclude<Tone, 'neutral'>
  children: ReactNode
  action?: ReactNode
}) {
  const Icon = TONE_ICONS[tone]
  return (
    <div className="banner" data-tone={tone}>
      <Icon aria-hidden size={20} strokeWidth={1.75} className="flex-none" />
      <p className="min-w-0 flex-1 basis-[14rem]">{children}</p>
      {action}
    </div>
  )
}
