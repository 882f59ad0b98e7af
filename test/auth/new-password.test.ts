import { describe, expect, test } from 'vitest'
import { changePassword, requestPasswordReset, resetPassword } from '#app/auth/change-password.server.ts'
import { WeakPassword } from '#app/auth/errors.ts'
import { weaknessOf } from '#app/auth/new-password.server.ts'
import { signUp } from '#app/auth/sign-up.server.ts'
import { listMailbox } from '#app/notifications/mail.server.ts'
import { UserModel } from '#models/user.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { newUser, PASSWORD } from './users.ts'

useDatabase()

const EMAIL = 'ada.lovelace@example.com'

describe('a password', () => {
  test.each([
    'password',
    'Password',
    '12345678',
    'qwertyuiop',
    'ｐａｓｓｗｏｒｄ',
    '        ',
    '\u2003\u2003\u2003\u2003\u2003\u2003\u2003\u2003',
    'zzzzzzzzzz',
    EMAIL,
    'Ada.Lovelace@Example.com',
    'ada.lovelace',
    ' ADA.LOVELACE ',
  ])('%j is refused because it is a common password', (password) => {
    expect(weaknessOf(password, EMAIL)).not.toBeNull()
  })

  test.each([
    'a long enough Passw0rd!',
    'demo-0123456789',
    PASSWORD,
    'lowercaseonly and spaces',
    'пароль который я помню',
    'ada.lovelace was here',
  ])('%j is accepted: no kind of character is required', (password) => {
    expect(weaknessOf(password, EMAIL)).toBeNull()
  })
})

describe('a password that is easy to guess is refused', () => {
  test('sign-up refuses a common password and creates no user', async () => {
    await expect(signUp({ email: EMAIL, password: 'ada.lovelace', name: '' })).rejects.toThrow(WeakPassword)

    expect(await UserModel.exists({ email: EMAIL })).toBeNull()
  })

  test('a password change refuses a common password', async () => {
    const user = await newUser()

    await expect(changePassword(user._id, PASSWORD, '12345678')).rejects.toThrow(WeakPassword)
  })

  test('a reset refuses a common password, and its link still works for a better one', async () => {
    const { email } = await newUser()
    const { delivery } = await requestPasswordReset(email)
    await delivery
    const mail = (await listMailbox()).find(({ to }) => to === email)
    const token = /token=(\S+)/.exec(mail?.text ?? '')?.[1] ?? ''

    await expect(resetPassword(token, email)).rejects.toThrow(WeakPassword)
    await expect(resetPassword(token, 'a better sentence')).resolves.toBeDefined()
  })
})
