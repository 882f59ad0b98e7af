import { afterEach, describe, expect, test } from 'vitest'
import { changePassword, requestPasswordReset, resetPassword } from '#app/auth/change-password.server.ts'
import { InvalidLogin, InvalidToken } from '#app/auth/errors.ts'
import { logIn } from '#app/auth/log-in.server.ts'
import { findUser } from '#app/auth/require-user.server.ts'
import { now, setNow } from '#app/clock.server.ts'
import { listMailbox } from '#app/notifications/mail.server.ts'
import { MailModel } from '#models/mail.server.ts'
import { UserModel } from '#models/user.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { newUser, PASSWORD, visitAs } from './users.ts'

useDatabase()

const HERE = '198.51.100.1'
const NEXT = 'another short sentence'

afterEach(() => setNow(null))

async function askForLink(email: string): Promise<string> {
  const { delivery } = await requestPasswordReset(email)
  await delivery
  const mail = (await listMailbox()).find(({ to }) => to === email)
  return /token=(\S+)/.exec(mail?.text ?? '')?.[1] ?? ''
}

describe('changePassword', () => {
  test('a change sets the new password and ends every session', async () => {
    const user = await newUser()
    const session = await visitAs(user)
    const changed = await changePassword(user._id, PASSWORD, NEXT)

    expect(changed).not.toHaveProperty('passwordHash')
    expect(await findUser(session)).toBeNull()
    expect(await findUser(await visitAs(changed))).not.toBeNull()
    await expect(logIn({ email: user.email, password: PASSWORD }, HERE)).rejects.toThrow(InvalidLogin)
    await expect(logIn({ email: user.email, password: NEXT }, HERE)).resolves.toBeDefined()
  })

  test('a change with a wrong current password is refused', async () => {
    const user = await newUser()

    await expect(changePassword(user._id, 'not the password', NEXT)).rejects.toThrow(InvalidLogin)
    await expect(logIn({ email: user.email, password: PASSWORD }, HERE)).resolves.toBeDefined()
  })

  test('of two changes at once one succeeds and the other is refused', async () => {
    const user = await newUser()
    const outcomes = await Promise.allSettled([
      changePassword(user._id, PASSWORD, 'the first new one'),
      changePassword(user._id, PASSWORD, 'the second new one'),
    ])

    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  })
})

describe('a reset link', () => {
  test('a reset link sets a new password once and ends every session (5.14)', async () => {
    const user = await newUser()
    const session = await visitAs(user)
    const token = await askForLink(user.email)

    expect((await resetPassword(token, NEXT))._id).toEqual(user._id)
    expect(await findUser(session)).toBeNull()
    await expect(logIn({ email: user.email, password: NEXT }, HERE)).resolves.toBeDefined()
    await expect(resetPassword(token, 'a third sentence')).rejects.toThrow(InvalidToken)
  })

  test('a reset link used twice at once works once (5.14)', async () => {
    const { email } = await newUser()
    const token = await askForLink(email)
    const outcomes = await Promise.allSettled([resetPassword(token, 'the first new one'), resetPassword(token, NEXT)])

    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  })

  test('a reset link expires after an hour, checked by the app itself (3.14)', async () => {
    const token = await askForLink((await newUser()).email)
    const later = new Date(now().getTime() + 60 * 60 * 1_000 + 1_000)
    setNow(() => later)

    await expect(resetPassword(token, NEXT)).rejects.toThrow(InvalidToken)
  })

  test('requesting another link ends the one before', async () => {
    const { email } = await newUser()
    const first = await askForLink(email)
    await MailModel.deleteMany({ to: email })
    const second = await askForLink(email)

    await expect(resetPassword(first, NEXT)).rejects.toThrow(InvalidToken)
    await expect(resetPassword(second, NEXT)).resolves.toBeDefined()
  })

  test('changing the password ends the reset link', async () => {
    const user = await newUser()
    const token = await askForLink(user.email)
    await changePassword(user._id, PASSWORD, NEXT)

    await expect(resetPassword(token, 'a third sentence')).rejects.toThrow(InvalidToken)
  })

  test('a reset link cannot reset another user’s password', async () => {
    const [ada, bob] = [await newUser(), await newUser()]
    const secret = (await askForLink(ada.email)).split('.')[1]

    await expect(resetPassword(`${bob._id.toHexString()}.${secret}`, NEXT)).rejects.toThrow(InvalidToken)
  })

  test('only the hash of a reset link is stored (5.14)', async () => {
    const { _id, email } = await newUser()
    const token = await askForLink(email)
    const stored = await UserModel.collection.findOne({ _id })

    expect(token).toMatch(/^[0-9a-f]{24}\.[\w-]{43}$/)
    expect(JSON.stringify(stored)).not.toContain(token.split('.')[1])
  })

  test.each(['', 'x', '{"$gt":""}', `${'0'.repeat(24)}.${'a'.repeat(43)}`])(
    'a link that was never sent (%j) is refused',
    async (token) => {
      await expect(resetPassword(token, NEXT)).rejects.toThrow(InvalidToken)
    },
  )

  test('a request for an unknown address sends nothing and answers as for a known one', async () => {
    const { delivery } = await requestPasswordReset('nobody@example.com')
    await delivery

    expect(await MailModel.countDocuments({ to: 'nobody@example.com' })).toBe(0)
  })
})
