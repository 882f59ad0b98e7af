import type { ActionFunctionArgs } from '@remix-run/node'
import type { ApiScope } from '#models/api-key.server.ts'
import { apiError, methodNotAllowed } from '../http/api-error.server.ts'
import { rateLimitHeaders } from './api-budget.server.ts'
import { requireScope } from './api-scope.ts'
import { type ApiCaller, type RecentApiCaller, requireApiUser, requireRecentApiUser } from './require-user.server.ts'

type Method = 'GET' | 'POST' | 'DELETE'

interface ApiRequest {
  request: Request
  params: ActionFunctionArgs['params']
}

type Answer<Caller> = (call: ApiRequest & Caller) => Promise<Response>

/**
 * Makes a loader or an action of the API: it accepts one method, finds the caller, asks for the scope of the method, and
 * answers errors in the API's shape. Answers are private, so no cache may keep them, and carry the rate limit.
 */
export const apiRoute = (method: Method, answer: Answer<ApiCaller>) => routeFor(requireApiUser, method, answer)

/**
 * {@link apiRoute} for what programs call very often. `user` may be a few seconds old, so it may let a call through, but
 * neither refuse one nor be shown: `readUser` is for that.
 */
export const frequentApiRoute = (method: Method, answer: Answer<RecentApiCaller>) =>
  routeFor(requireRecentApiUser, method, answer)

/** Reading needs `read`. Everything else moves credits, or starts a payment or a run that does. */
const scopeOf = (method: Method): ApiScope => (method === 'GET' ? 'read' : 'spend')

const routeFor =
  <Caller extends ApiCaller>(identify: (request: Request) => Promise<Caller>, method: Method, answer: Answer<Caller>) =>
  async ({ request, params }: ActionFunctionArgs): Promise<Response> => {
    // Remix asks a loader for HEAD too.
    if (method !== 'GET' && request.method !== method) return methodNotAllowed(method)
    try {
      const caller = await identify(request)
      const response = await answerFor(caller, scopeOf(method), () => answer({ request, params, ...caller }))
      for (const [name, value] of Object.entries(rateLimitHeaders(caller.budget))) response.headers.set(name, value)
      response.headers.set('Cache-Control', 'no-store')
      return response
    } catch (error) {
      return apiError(error)
    }
  }

async function answerFor(caller: ApiCaller, scope: ApiScope, answer: () => Promise<Response>): Promise<Response> {
  try {
    requireScope(caller, scope)
    return await answer()
  } catch (error) {
    return apiError(error)
  }
}
