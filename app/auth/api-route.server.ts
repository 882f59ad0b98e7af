import type { ActionFunctionArgs } from '@remix-run/node'
import { apiError, methodNotAllowed } from '../http/api-error.server.ts'
import { type ApiCaller, type RecentApiCaller, requireApiUser, requireRecentApiUser } from './require-user.server.ts'

type Method = 'GET' | 'POST' | 'DELETE'

interface ApiRequest {
  request: Request
  params: ActionFunctionArgs['params']
}

type Answer<Caller> = (call: ApiRequest & Caller) => Promise<Response>

/**
 * Makes a loader or an action of the API: it accepts one method, finds the caller, and answers errors in the API's shape.
 * Answers are private, so no cache may keep them.
 */
export const apiRoute = (method: Method, answer: Answer<ApiCaller>) => routeFor(requireApiUser, method, answer)

/**
 * {@link apiRoute} for what programs call very often. `user` may be a few seconds old, so it may let a call through, but
 * neither refuse one nor be shown: `readUser` is for that.
 */
export const frequentApiRoute = (method: Method, answer: Answer<RecentApiCaller>) =>
  routeFor(requireRecentApiUser, method, answer)

const routeFor =
  <Caller>(identify: (request: Request) => Promise<Caller>, method: Method, answer: Answer<Caller>) =>
  async ({ request, params }: ActionFunctionArgs): Promise<Response> => {
    // Remix asks a loader for HEAD too.
    if (method !== 'GET' && request.method !== method) return methodNotAllowed(method)
    try {
      const response = await answer({ request, params, ...(await identify(request)) })
      response.headers.set('Cache-Control', 'no-store')
      return response
    } catch (error) {
      return apiError(error)
    }
  }
