import { Types } from 'mongoose'
import { describe, expect, test } from 'vitest'
import { createApiKey, revokeApiKey } from '#app/auth/api-key.server.ts'
import { ApiKeyCache, KEY_LIFE_MS, type KeyOwner } from '#app/auth/api-key-cache.server.ts'
import { findApiKeyOwner, findRecentApiKeyOwner } from '#app/auth/api-key-owner.server.ts'
import { changePassword } from '#app/auth/change-password.server.ts'
import { ApiKeyModel } from '#models/api-key.server.ts'
import type { User } from '#models/user.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { newUser, PASSWORD } from './users.ts'

useDatabase()

const NEXT = 'another short sentence'

/** A key that this process and another one have just used. */
async function usedKey() {
  const user = await newUser()
  const { key, id } = await createApiKey(user._id, 'report')
  const clock = { time: 0 }
  const other = new ApiKeyCache(() => clock.time)
  const here = () => findRecentApiKeyOwner(key)
  const elsewhere = () => findRecentApiKeyOwner(key, other)
  expect(await here()).not.toBeNull()
  expect(await elsewhere()).not.toBeNull()
  return { user, key, id, here, elsewhere, clock, other }
}

describe.each<[string, (used: Awaited<ReturnType<typeof usedKey>>) => Promise<unknown>]>([
  ['its owner revokes it', ({ user, id }) => revokeApiKey(user._id, id)],
  [
    'its owner changes the password and revokes all keys',
    ({ user }) => changePassword(user._id, PASSWORD, NEXT, { revokeKeys: true }),
  ],
])('a key in use, when %s', (_, revoke) => {
  test('the process that revoked it refuses it at once, and any other after five seconds at most', async () => {
    const used = await usedKey()
    await revoke(used)

    expect(await used.here()).toBeNull()
    expect(KEY_LIFE_MS).toBe(5_000)
    used.clock.time = KEY_LIFE_MS - 1
    expect(await used.elsewhere()).not.toBeNull()
    used.clock.time = KEY_LIFE_MS
    expect(await used.elsewhere()).toBeNull()
  })

  test('another process that reads it refuses it from then on', async () => {
    const used = await usedKey()
    await revoke(used)

    expect(await findApiKeyOwner(used.key, used.other)).toBeNull()
    expect(await used.elsewhere()).toBeNull()
  })
})

test('a key that was unknown works as soon as it exists', async () => {
  const user = await newUser()
  const { key, id } = await createApiKey(user._id, 'report')
  const stored = await ApiKeyModel.findByIdAndDelete(id).select('+hash').lean()
  expect(await findRecentApiKeyOwner(key)).toBeNull()
  await ApiKeyModel.insertMany([stored!])

  expect((await findRecentApiKeyOwner(key))?.user._id).toEqual(user._id)
})

describe('ApiKeyCache', () => {
  const ownerOf = (id = new Types.ObjectId()): KeyOwner => {
    return {
      keyId: new Types.ObjectId(),
      user: { _id: id } as User,
      scopes: ['read'],
      spender: 'a',
      expiresAt: null,
      lastUsedAt: null,
    }
  }

  test('a read that began before a revocation is not remembered after it', () => {
    const cache = new ApiKeyCache()
    const owner = ownerOf()
    const mark = cache.mark()
    cache.forget(owner.user._id)
    cache.set('hash', owner, mark)

    expect(cache.get('hash')).toBeNull()
  })

  test('the time counts from the start of the read, however long it took', () => {
    let time = 0
    const cache = new ApiKeyCache(() => time)
    const mark = cache.mark()
    time = KEY_LIFE_MS - 1
    cache.set('hash', ownerOf(), mark)

    expect(cache.get('hash')).not.toBeNull()
    time = KEY_LIFE_MS
    expect(cache.get('hash')).toBeNull()
  })

  test('the oldest key is dropped when there are too many, and the keys of other users stay when one is forgotten', () => {
    const cache = new ApiKeyCache(() => 0, 2)
    const [ada, bob, eve] = [ownerOf(), ownerOf(), ownerOf()]
    cache.set('ada', ada, cache.mark())
    cache.set('bob', bob, cache.mark())
    cache.set('eve', eve, cache.mark())
    expect(cache.get('ada')).toBeNull()
    cache.forget(bob.user._id)

    expect(cache.get('bob')).toBeNull()
    expect(cache.get('eve')).toBe(eve)
  })
})
