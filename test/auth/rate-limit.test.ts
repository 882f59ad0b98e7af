import { expect, test } from 'vitest'
import { returnTry, consumeAttempt } from '#app/auth/rate-limit.server.ts'
import { addressPrefix } from '#app/http/client-address.server.ts'
import { RateLimited } from '#app/http/errors.ts'
import { useDatabase } from '#test/setup/database.ts'

useDatabase()

const TRIES = 60 * 50
const WIDER = 8

/** Signs up from an address until it is refused. */
async function takeAll(address: string, tries = TRIES): Promise<void> {
  await consumeAttempt('signUp', addressPrefix(address), tries)
}

test('a client that changes its address within its IPv6 network keeps its count', async () => {
  await takeAll('2001:db8:a:1::1')

  await expect(consumeAttempt('signUp', addressPrefix('2001:db8:a:1:ffff::2'))).rejects.toThrow(RateLimited)
  await expect(consumeAttempt('signUp', addressPrefix('2001:db8:a:2::1'))).resolves.toBeUndefined()
})

test('a client that changes its network within a /48 has a count for that as well', async () => {
  for (let network = 0; network < WIDER; network++) await takeAll(`2001:db8:b:${network}::1`)

  await expect(consumeAttempt('signUp', addressPrefix('2001:db8:b:ff::1'))).rejects.toThrow(RateLimited)
  await expect(consumeAttempt('signUp', addressPrefix('2001:db8:c:ff::1'))).resolves.toBeUndefined()
})

test('an attempt that is given back is given back to both counts', async () => {
  for (let network = 0; network < WIDER; network++) await takeAll(`2001:db8:d:${network}::1`)
  await returnTry('signUp', addressPrefix('2001:db8:d:1::1'))

  await expect(consumeAttempt('signUp', addressPrefix('2001:db8:d:1::1'))).resolves.toBeUndefined()
  await expect(consumeAttempt('signUp', addressPrefix('2001:db8:d:1::1'))).rejects.toThrow(RateLimited)
})

test('each IPv4 address has its own count', async () => {
  await takeAll('198.51.100.7')

  await expect(consumeAttempt('signUp', addressPrefix('::ffff:198.51.100.7'))).rejects.toThrow(RateLimited)
  await expect(consumeAttempt('signUp', addressPrefix('198.51.100.8'))).resolves.toBeUndefined()
})
