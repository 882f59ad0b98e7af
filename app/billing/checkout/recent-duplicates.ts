import type { CanceledDuplicate, User } from '#models/user.server.ts'

const RECENT_MS = 7 * 24 * 60 * 60 * 1000

/** Plans that were bought beside another one and canceled a short time ago: as long as that is news. */
export function recentDuplicates(
  { canceledDuplicates = [] }: Pick<User, 'canceledDuplicates'>,
  at: Date,
): CanceledDuplicate[] {
  return canceledDuplicates.filter((one) => at.getTime() - one.at.getTime() < RECENT_MS)
}
