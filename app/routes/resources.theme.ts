import { type ActionFunctionArgs, redirect } from '@remix-run/node'
import { readFormData } from '#app/http/read-form-data.server.ts'
import { safeRedirect } from '#app/http/safe-redirect.ts'
import { themeCookie } from '#app/http/theme-cookie.server.ts'
import { themeFrom } from '#app/http/theme.ts'

/** A plain form post, so that the theme can be chosen without JavaScript and is there before the first paint. */
export async function action({ request }: ActionFunctionArgs) {
  const form = await readFormData(request)
  const headers = { 'Set-Cookie': await themeCookie(themeFrom(form.get('theme'))) }
  return redirect(safeRedirect(form.get('redirectTo'), '/'), { headers })
}

export function loader() {
  return redirect('/')
}
