import { CircleAlert, CircleCheck, CircleDashed, Clock, Gift, type LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'

export type Tone = 'green' | 'ochre' | 'red' | 'neutral'

export const TONE_ICONS: Record<Tone, LucideIcon> = {
  green: CircleCheck,
  ochre: Clock,
  red: CircleAlert,
  neutral: CircleDashed,
}

export const GiftBadge = () => (
  <Badge tone="neutral" icon={Gift}>
    Gift
  </Badge>
)

/** A status. The word and the icon say it; the color only helps. */
export function Badge({ tone, icon, children }: { tone: Tone; icon?: LucideIcon; children: ReactNode }) {
  const Icon = icon ?? TONE_ICONS[tone]
  return (
    <span className="badge" data-tone={tone}>
      <Icon aria-hidden size={12} strokeWidth={2} />
      {children}
    </span>
  )
}
