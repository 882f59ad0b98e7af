import { qrCode } from './built-in/qr-code.server.ts'
import { textGeneration } from './built-in/text/text.server.ts'
import type { PaidAction } from './registry.ts'

const all: PaidAction[] = [qrCode, textGeneration]

/** Everything that credits buy here, in the order of the list page. */
export const paidActions = (): PaidAction[] => all.filter(({ isOffered }) => isOffered?.() ?? true)

/** Finds an action by an id from outside; null if there is none. */
export function findPaidAction(id: string): PaidAction | null {
  return paidActions().find((action) => action.id === id) ?? null
}

/** The title of the action of an entry, or its id itself: callers of the API choose their own. */
export function actionTitle(id: string): string {
  return all.find((action) => action.id === id)?.title ?? id
}
