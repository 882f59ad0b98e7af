import { errorResponse, methodNotAllowed } from './api-error.server.ts'
import type { MatchedRoute } from './route-table.ts'

/**
 * Answers what Remix answers badly: for a method that a resource route does not have, a 400 "Unexpected Server Error" with a
 * stack trace, and for an unknown API address an HTML page.
 * @returns null if Remix is to answer
 */
export function answerApi(path: string, method: string, route: MatchedRoute | null): Response | null {
  if (/^\/api(\/|$)/.test(path) && (!route || route.isSplat)) {
    return errorResponse('not_found', 'There is nothing at this address.')
  }
  if (!route?.methods || route.methods.includes(method)) return null
  return methodNotAllowed(...route.methods)
}
