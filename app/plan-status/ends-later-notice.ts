import type { User } from '#models/user.server.ts'
import type { Notice } from './notice.ts'

/** "Daily renews on 1 Jun and ends on 11 Jun." Null where no end is set. */
export function endsLaterNotice(
  { plan, cancelAt, currentPeriodEnd }: NonNullable<User['subscription']>,
  day: (date: Date) => string,
): Notice | null {
  if (!cancelAt || !currentPeriodEnd) return null
  const text = `${plan} renews on ${day(currentPeriodEnd)} and ends on ${day(cancelAt)}.`
  return { tone: 'ochre', text, action: null }
}
