import { describe, expect, test } from 'vitest'
import { InvalidLogin } from '#app/auth/errors.ts'
import { authenticator, logIn } from '#app/auth/log-in.server.ts'
import { InvalidRequest, RateLimited } from '#app/http/errors.ts'
import { useDatabase } from '#test/setup/database.ts'
import { newUser, PASSWORD } from './users.ts'

useDatabase()

const HERE = '198.51.100.1'
const wrong = (email: string, address = HERE) => logIn({ email, password: 'not the password' }, address)

describe('logIn', () => {
  test('a log-in returns the user without the password hash', async () => {
    const { _id, email } = await newUser()
    const user = await logIn({ email, password: PASSWORD }, HERE)

    expect(user._id).toEqual(_id)
    expect(user).not.toHaveProperty('passwordHash')
  })

  test('a wrong password and an unknown address get the same message (5.9)', async () => {
    const { email } = await newUser()
    const refusals = await Promise.allSettled([wrong(email), wrong('nobody@example.com')])
    const reasons = refusals.map((refusal) => (refusal as PromiseRejectedResult).reason as Error)

    expect(reasons[0]).toBeInstanceOf(InvalidLogin)
    expect(reasons[1]?.message).toBe(reasons[0]?.message)
  })
})

describe('the limit on attempts', () => {
  test('ten wrong passwords from one place end the attempts, also with the right password', async () => {
    const { email } = await newUser()
    for (let round = 0; round < 10; round++) await expect(wrong(email)).rejects.toThrow(InvalidLogin)

    await expect(logIn({ email, password: PASSWORD }, HERE)).rejects.toThrow(RateLimited)
  })

  test('attempts count per person and place, so a stranger elsewhere locks nobody out (5.8)', async () => {
    const { email } = await newUser()
    for (let round = 0; round < 11; round++) await wrong(email, '203.0.113.66').catch(() => undefined)

    await expect(logIn({ email, password: PASSWORD }, HERE)).resolves.toBeDefined()
  })

  test('IPv6 attempts count per network, because one person has 2^64 addresses (5.8)', async () => {
    const { email } = await newUser()
    for (let round = 0; round < 10; round++) await wrong(email, `2001:db8:5:5::${round}`).catch(() => undefined)

    await expect(wrong(email, '2001:db8:5:5::ffff')).rejects.toThrow(RateLimited)
  })

  test('a successful log-in gives its attempt back, so an honest user can log in all day', async () => {
    const { email } = await newUser()
    for (let round = 0; round < 12; round++) await logIn({ email, password: PASSWORD }, HERE)
  })

  test('of thirty attempts at once at most ten are checked', async () => {
    const { email } = await newUser()
    const refusals = await Promise.allSettled(Array.from({ length: 30 }, () => wrong(email, '203.0.113.7')))
    const reasons = refusals.map((refusal) => (refusal as PromiseRejectedResult).reason as Error)

    expect(reasons.filter((reason) => reason instanceof InvalidLogin)).toHaveLength(10)
    expect(reasons.filter((reason) => reason instanceof RateLimited)).toHaveLength(20)
  })
})

describe('the form strategy', () => {
  const post = (form: [string, string][]) =>
    authenticator.authenticate(
      'form',
      new Request('http://localhost/login', { method: 'POST', body: new URLSearchParams(form) }),
    )

  test('the form strategy logs in with email and password', async () => {
    const { _id, email } = await newUser()

    expect(
      (
        await post([
          ['email', email],
          ['password', PASSWORD],
        ])
      )._id,
    ).toEqual(_id)
  })

  test.each([
    [
      [
        ['email[$gt]', ''],
        ['password', 'x'],
      ],
    ],
    [
      [
        ['email', 'ada@example.com'],
        ['password[$ne]', 'x'],
      ],
    ],
    [
      [
        ['email', '{"$gt":""}'],
        ['password', 'x'],
      ],
    ],
  ] as [string, string][][][])('a database operator in place of a value is refused: %j (3.10)', async (form) => {
    await expect(post(form)).rejects.toThrow(InvalidRequest)
  })
})
