import { createCookie } from '@remix-run/node'
import { config } from '../config.server.ts'
import { type Theme, themeFrom } from './theme.ts'

const ONE_YEAR_SECONDS = 365 * 24 * 60 * 60

const cookie = () =>
  createCookie('theme', {
    path: '/',
    httpOnly: true,
    sameSite: 'lax',
    secure: config().appUrl.startsWith('https:'),
    maxAge: ONE_YEAR_SECONDS,
  })

export async function readTheme(request: Request): Promise<Theme> {
  return themeFrom(await cookie().parse(request.headers.get('Cookie')))
}

export async function themeCookie(theme: Theme): Promise<string> {
  return cookie().serialize(theme)
}
