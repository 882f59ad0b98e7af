import { config } from '../config.server.ts'

/** What all our cookies have in common: scripts cannot read them, other sites cannot send them, and https stays https. */
export const cookieAttributes = (maxAgeSeconds: number) =>
  ({
    httpOnly: true,
    sameSite: 'lax',
    path: '/',
    secure: config().appUrl.startsWith('https:'),
    maxAge: maxAgeSeconds,
  }) as const
