import type { ActionFunctionArgs } from '@remix-run/node'
import { apiError, methodNotAllowed } from '../http/api-error.server.ts'
import { type ApiCaller, requireApiUser } from './require-user.server.ts'

interface ApiCall extends ApiCaller {
  request: Request
  params: ActionFunctionArgs['params']
}

/**
 * Makes a loader or an action of the API: it accepts one method, finds the caller, and answers errors in the API's shape.
 * Answers are private, so no cache may keep them.
 */
export const apiRoute =
  (method: 'GET' | 'POST' | 'DELETE', answer: (call: ApiCall) => Promise<Response>) =>
  async ({ request, params }: ActionFunctionArgs): Promise<Response> => {
    // Remix asks a loader for HEAD too.
    if (method !== 'GET' && request.method !== method) return methodNotAllowed(method)
    try {
      const response = await answer({ request, params, ...(await requireApiUser(request)) })
      response.headers.set('Cache-Control', 'no-store')
      return response
    } catch (error) {
      return apiError(error)
    }
  }
