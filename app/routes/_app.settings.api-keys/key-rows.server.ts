import type { listApiKeys } from '#app/auth/api-key.server.ts'
import { now } from '#app/clock.server.ts'
import type { Tone } from '#app/components/badge.tsx'
import { formatDate, formatDateTime, formatDay } from '#app/format.ts'

type Key = Awaited<ReturnType<typeof listApiKeys>>[number]

const SOON_MS = 7 * 24 * 60 * 60 * 1000

export type KeyRow = ReturnType<typeof keyRow>

/** A key as its row shows it. */
export function keyRow(key: Key, timeZone: string) {
  const { id, name, prefix, scopes, createdAt, lastUsedAt } = key
  const hasExpired = key.expiresAt !== null && key.expiresAt <= now()
  return {
    id,
    name,
    prefix,
    access: scopes.includes('spend') ? 'Read and spend' : 'Read only',
    createdAt: formatDate(createdAt, timeZone),
    lastUsedAt: lastUsedAt && formatDateTime(lastUsedAt, timeZone),
    expiry: expiryOf(key, hasExpired, timeZone),
    hasExpired,
    canRotate: !hasExpired && !key.isRotated,
  }
}

function expiryOf({ expiresAt, isRotated }: Key, hasExpired: boolean, timeZone: string): { text: string; tone?: Tone } {
  if (!expiresAt) return { text: 'Never expires' }
  if (hasExpired) return { text: 'Expired', tone: 'neutral' }
  if (isRotated) return { text: `Replaced, works until ${formatDateTime(expiresAt, timeZone)}` }
  const isSoon = expiresAt.getTime() - now().getTime() < SOON_MS
  return { text: `Expires ${formatDay(expiresAt, timeZone, now())}`, tone: isSoon ? 'ochre' : undefined }
}
