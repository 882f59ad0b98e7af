import { randomUUID } from 'node:crypto'
import mongoose from 'mongoose'
import { describe, expect, test } from 'vitest'
import { signUpForm } from '#app/auth/credentials.ts'
import { EmailTaken } from '#app/auth/errors.ts'
import { logIn } from '#app/auth/log-in.server.ts'
import { signUp } from '#app/auth/sign-up.server.ts'
import { welcomeCredits } from '#app/billing/plans.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import { UserModel } from '#models/user.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { PASSWORD } from './users.ts'

useDatabase()

const accounts = () => mongoose.connection.collection('credit_accounts')
const newcomer = () => ({ email: `new-${randomUUID()}@example.com`, password: PASSWORD, name: 'Ada' })

describe('signUp', () => {
  test('a sign-up creates a user and an account with the welcome credits', async () => {
    const user = await signUp(newcomer())

    expect(await getBalance(user._id)).toMatchObject({ credits: welcomeCredits, held: 0 })
  })

  test('a sign-up stores no plain password and returns no hash', async () => {
    const user = await signUp(newcomer())
    const stored = await UserModel.collection.findOne({ _id: user._id })

    expect(user).not.toHaveProperty('passwordHash')
    expect(stored?.passwordHash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    expect(JSON.stringify(stored)).not.toContain(PASSWORD)
  })

  test('the address of another user is refused in any spelling', async () => {
    const ada = newcomer()
    await signUp(ada)
    const again = signUpForm.parse({ ...ada, email: ` ${ada.email.toUpperCase()} `, password: 'another password' })

    await expect(signUp(again)).rejects.toThrow(EmailTaken)
  })

  test('repeating a sign-up with the same password returns the same user with one welcome grant', async () => {
    const ada = newcomer()
    const first = await signUp(ada)
    const second = await signUp(ada)

    expect(second._id).toEqual(first._id)
    expect(second).not.toHaveProperty('passwordHash')
    expect(await getBalance(first._id)).toMatchObject({ credits: welcomeCredits })
  })

  test('sign-ups from many tabs at once create one user, one account and one welcome grant (3.5)', async () => {
    const ada = newcomer()
    const users = await Promise.all(Array.from({ length: 10 }, () => signUp(ada)))

    expect(new Set(users.map((user) => user._id.toHexString())).size).toBe(1)
    expect(await UserModel.countDocuments({ email: ada.email })).toBe(1)
    expect(await getBalance(users[0]!._id)).toMatchObject({ credits: welcomeCredits })
  })

  test('an account that a crashed sign-up left out is created at the next log-in', async () => {
    const ada = newcomer()
    const user = await signUp(ada)
    await accounts().deleteOne({ _id: user._id })

    await logIn(ada, '198.51.100.1')

    expect(await getBalance(user._id)).toMatchObject({ credits: welcomeCredits })
  })
})

describe('the sign-up form', () => {
  const good = { email: 'ada@example.com', password: PASSWORD, name: 'Ada' }

  test('the form ignores unknown fields (3.10)', () => {
    expect(signUpForm.parse({ ...good, roles: ['admin'], credits: 1e6, stripeCustomerId: 'cus_x' })).toEqual(good)
  })

  test.each([
    ['email', { $gt: '' }],
    ['email', ['ada@example.com']],
    ['email', 'ada@example.com\r\nBcc: all@example.com'],
    ['email', 'ada@example.com, bob@example.com'],
    ['email', `${'a'.repeat(250)}@example.com`],
    ['email', `${':'.repeat(200)}@example.com`],
    ['email', 'ada'],
    ['password', { $gt: '' }],
    ['password', 'short'],
    ['password', 'x'.repeat(257)],
    ['name', { $gt: '' }],
    ['name', 'Ada\r\nBcc: all@example.com'],
    ['name', 'x'.repeat(101)],
  ])('the form refuses %s = %j (3.10, 5.13)', (field, value) => {
    const result = signUpForm.safeParse({ ...good, [field]: value })

    expect(result.error?.issues.map((issue) => issue.path[0])).toEqual([field])
  })
})
