import { data } from '@remix-run/node'

/**
 * Reads a form that was posted.
 * @throws a 400 response for a body that is no form, or is cut short: that is its sender's doing and no failure of ours
 */
export async function readFormData(request: Request): Promise<FormData> {
  return request.formData().catch(() => {
    throw data(null, { status: 400 })
  })
}
