import { createCookie } from '@remix-run/node'
import { cookieAttributes } from './cookie-attributes.server.ts'
import { type Theme, themeFrom } from './theme.ts'

const ONE_YEAR_SECONDS = 365 * 24 * 60 * 60

const cookie = () => createCookie('theme', cookieAttributes(ONE_YEAR_SECONDS))

export async function readTheme(request: Request): Promise<Theme> {
  return themeFrom(await cookie().parse(request.headers.get('Cookie')))
}

export async function themeCookie(theme: Theme): Promise<string> {
  return cookie().serialize(theme)
}
