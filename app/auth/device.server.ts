import { type Cookie, createCookie } from '@remix-run/node'
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { User } from '#models/user.server.ts'
import { config } from '../config.server.ts'
import { cookieAttributes } from '../http/cookie-attributes.server.ts'
import { cookieName } from './cookie-name.server.ts'

/** The longest that browsers keep a cookie. */
const SECONDS = 400 * 24 * 60 * 60

/** A browser that a user has logged in from before. It grants no access, but has its own log-in limit. */
const device = z.strictObject({ id: z.uuid(), userId: z.string(), epoch: z.number() })
export type Device = z.output<typeof device>

/**
 * Marks the browser as one of the user's. Call it where a session begins.
 * @returns the Set-Cookie header
 */
export async function rememberDevice(request: Request, user: Pick<User, '_id' | 'sessionEpoch'>): Promise<string> {
  const known = await readDevice(request)
  const id = known && isDeviceOf(known, user) ? known.id : randomUUID()
  const mark: Device = { id, userId: user._id.toHexString(), epoch: user.sessionEpoch }
  return deviceCookie().serialize(mark)
}

/** Reads the mark of {@link rememberDevice}; null if there is none, or it was not signed by us. */
export async function readDevice(request: Request): Promise<Device | null> {
  const mark = device.safeParse(await deviceCookie().parse(request.headers.get('Cookie')))
  return mark.success ? mark.data : null
}

/** Whether a browser is one of this user's; a new password, or logging out everywhere, makes it unknown again. */
export function isDeviceOf(mark: Device, { _id, sessionEpoch }: Pick<User, '_id' | 'sessionEpoch'>): boolean {
  return mark.userId === _id.toHexString() && mark.epoch === sessionEpoch
}

function deviceCookie(): Cookie {
  return createCookie(cookieName('device'), { secrets: config().sessionSecrets, ...cookieAttributes(SECONDS) })
}
