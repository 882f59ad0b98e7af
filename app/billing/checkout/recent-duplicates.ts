import type { CanceledDuplicate, User } from '#models/user.server.ts'
import { isNews } from '../../notifications/news.ts'

/** Recently canceled duplicate plans, while they are worth showing. */
export function recentDuplicates(
  { canceledDuplicates = [] }: Pick<User, 'canceledDuplicates'>,
  at: Date,
): CanceledDuplicate[] {
  return canceledDuplicates.filter((one) => isNews(one.at, at))
}
