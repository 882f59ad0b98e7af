import { describe, expect, test } from 'vitest'
import { createApiKey, listApiKeys } from '#app/auth/api-key.server.ts'
import { changePassword, requestPasswordReset, resetPassword } from '#app/auth/change-password.server.ts'
import { findUser, requireApiUser } from '#app/auth/require-user.server.ts'
import { listMailbox } from '#app/notifications/mail.server.ts'
import { ApiKeyModel } from '#models/api-key.server.ts'
import { NotificationModel } from '#models/notification.server.ts'
import { type User, UserModel } from '#models/user.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { newUser, PASSWORD, visitAs } from './users.ts'

useDatabase()

const NEXT = 'another short sentence'

async function opens(key: string): Promise<boolean> {
  const request = new Request('http://localhost/api/user', { headers: { Authorization: `Bearer ${key}` } })
  return requireApiUser(request).then(
    () => true,
    () => false,
  )
}

async function reset(user: User): Promise<User> {
  const { delivery } = await requestPasswordReset(user.email)
  await delivery
  const mail = (await listMailbox()).find(({ to }) => to === user.email)
  return resetPassword(/token=(\S+)/.exec(mail?.text ?? '')?.[1] ?? '', NEXT)
}

const mailOf = (user: User) =>
  NotificationModel.findById(`password_changed:${user._id.toHexString()}:${user.sessionEpoch}`).lean()

describe('a password reset', () => {
  test('a reset revokes every API key, ends every session, and says so by mail', async () => {
    const user = await newUser()
    const session = await visitAs(user)
    const keys = [await createApiKey(user._id, 'one'), await createApiKey(user._id, 'two')]
    const changed = await reset(user)

    for (const { key } of keys) expect(await opens(key)).toBe(false)
    expect(await findUser(session)).toBeNull()
    expect(await listApiKeys(user._id)).toEqual([])
    expect(await mailOf(changed)).toMatchObject({ data: { byReset: true, keysRevoked: 2, keysLeft: 0 } })
  })

  test('a reset that dies right after its write has already revoked the keys', async () => {
    const user = await newUser()
    const { key } = await createApiKey(user._id, 'one')
    await reset(user)
    // As if the process had died right after the write to the user.
    await ApiKeyModel.updateMany({ userId: user._id }, { $set: { revokedAt: null } })

    expect(await opens(key)).toBe(false)
    expect(await listApiKeys(user._id)).toEqual([])
  })

  test('a key that is being created during the reset is revoked too', async () => {
    const user = await newUser()
    const [created] = await Promise.all([
      createApiKey(user._id, 'one'),
      UserModel.updateOne({ _id: user._id }, { $inc: { apiKeyEpoch: 1 } }),
    ])
    await reset(user)

    expect(await opens(created.key)).toBe(false)
  })

  test('a reset leaves other users’ keys, and new keys can be created after it', async () => {
    const [ada, bob] = [await newUser(), await newUser()]
    const { key: others } = await createApiKey(bob._id, 'one')
    await reset(ada)
    const { key } = await createApiKey(ada._id, 'two')

    expect(await opens(others)).toBe(true)
    expect(await opens(key)).toBe(true)
  })
})

describe('a password change', () => {
  test('a change keeps the API keys by default, and says so by mail', async () => {
    const user = await newUser()
    const { key } = await createApiKey(user._id, 'one')
    const changed = await changePassword(user._id, PASSWORD, NEXT)

    expect(await opens(key)).toBe(true)
    expect(await mailOf(changed)).toMatchObject({ data: { byReset: false, keysRevoked: 0, keysLeft: 1 } })
  })

  test('a change revokes the API keys on request', async () => {
    const user = await newUser()
    const { key } = await createApiKey(user._id, 'one')
    const changed = await changePassword(user._id, PASSWORD, NEXT, { revokeKeys: true })

    expect(await opens(key)).toBe(false)
    expect(await mailOf(changed)).toMatchObject({ data: { byReset: false, keysRevoked: 1, keysLeft: 0 } })
  })
})
