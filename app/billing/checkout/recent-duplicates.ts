import type { CanceledDuplicate, User } from '#models/user.server.ts'

const RECENT_MS = 7 * 24 * 60 * 60 * 1000

/** Recently canceled duplicate plans, while they are worth showing. */
export function recentDuplicates(
  { canceledDuplicates = [] }: Pick<User, 'canceledDuplicates'>,
  at: Date,
): CanceledDuplicate[] {
  return canceledDuplicates.filter((one) => at.getTime() - one.at.getTime() < RECENT_MS)
}
