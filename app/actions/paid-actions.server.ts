import { qrCode } from './built-in/qr-code.server.ts'
import type { PaidAction } from './registry.ts'

/** Everything that credits buy, in the order of the list page. */
export const paidActions: PaidAction[] = [qrCode]

/**
 * Finds an action by its id, for ids that come from outside.
 * @param id as it stands in the address
 * @returns null when there is no such action
 */
export function findPaidAction(id: string): PaidAction | null {
  return paidActions.find((action) => action.id === id) ?? null
}

/**
 * Says an action's name where only its id is known, as in the ledger.
 * @param id as it stands in an entry; callers of the API choose their own
 * @returns its title, or the id itself
 */
export function actionTitle(id: string): string {
  return findPaidAction(id)?.title ?? id
}
