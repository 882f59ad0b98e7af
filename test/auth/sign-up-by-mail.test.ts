import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { requestPasswordReset, resetPassword } from '#app/auth/change-password.server.ts'
import { confirmEmail } from '#app/auth/confirm-email.server.ts'
import { InvalidLogin } from '#app/auth/errors.ts'
import { logIn } from '#app/auth/log-in.server.ts'
import { signUpByMail } from '#app/auth/sign-up.server.ts'
import { welcomeCredits } from '#app/billing/plans.ts'
import { resetConfig } from '#app/config.server.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import { confirmationUrl } from '#app/notifications/confirmation-token.server.ts'
import { finishDeliveries, listMailbox } from '#app/notifications/mail.server.ts'
import { NotificationModel } from '#models/notification.server.ts'
import { type User, UserModel } from '#models/user.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { PASSWORD } from './users.ts'

/* Sign-up with required confirmation: it does not reveal which address has an account. */

useDatabase()

beforeAll(() => {
  vi.stubEnv('REQUIRE_CONFIRMED_EMAIL', 'true')
  resetConfig()
})
afterAll(() => {
  vi.unstubAllEnvs()
  resetConfig()
})

const HERE = '198.51.100.1'
const newcomer = () => ({ email: `new-${randomUUID()}@example.com`, password: PASSWORD, name: 'Ada' })

async function signUpAndWait(fields: { email: string; password: string; name: string }): Promise<User> {
  const { delivery } = await signUpByMail(fields)
  await delivery
  return (await UserModel.findOne({ email: fields.email }).lean<User>())!
}

async function kindsFor({ _id }: User): Promise<string[]> {
  const mails = await NotificationModel.find({ userId: _id }).sort({ createdAt: 1, _id: 1 }).lean()
  return mails.map(({ kind }) => kind).sort()
}

const confirm = (user: User) => confirmEmail(new URL(confirmationUrl(user)).searchParams.get('token') ?? '')

describe('a sign-up', () => {
  test('a new address gets a link, which opens the account with its welcome credits', async () => {
    const ada = newcomer()
    const user = await signUpAndWait(ada)

    expect(await kindsFor(user)).toEqual(['email_confirmation'])
    await expect(logIn(ada, HERE)).rejects.toThrow(InvalidLogin)
    await confirm(user)
    await expect(logIn(ada, HERE)).resolves.toMatchObject({ _id: user._id })
    expect(await getBalance(user._id)).toMatchObject({ credits: welcomeCredits })
  })

  test('a known address changes nothing, and its owner is mailed at most three times an hour', async () => {
    const ada = newcomer()
    const user = await signUpAndWait(ada)
    await confirm(user)
    for (let time = 0; time < 5; time++)
      await signUpAndWait({ ...ada, password: 'the password of a stranger', name: 'Eve' })

    const tries = ['account_exists', 'account_exists', 'account_exists', 'email_confirmation']
    expect(await kindsFor(user)).toEqual(tries)
    expect((await UserModel.findById(user._id).lean<User>())?.name).toBe('Ada')
    await expect(logIn(ada, HERE)).resolves.toBeDefined()
  })

  test('repeating a sign-up mails another link', async () => {
    const ada = newcomer()
    await signUpAndWait(ada)

    expect(await kindsFor(await signUpAndWait(ada))).toEqual(['email_confirmation', 'email_confirmation'])
  })

  test('sign-ups from many tabs at once create one user and send one link', async () => {
    const ada = newcomer()
    const all = await Promise.allSettled(Array.from({ length: 5 }, () => signUpAndWait(ada)))

    expect(all.map(({ status }) => status)).toEqual(Array(5).fill('fulfilled'))
    expect(await UserModel.countDocuments({ email: ada.email })).toBe(1)
  })
})

describe('a log-in before the address is confirmed', () => {
  test('a log-in before confirmation gets the answer for a wrong password, and mails a link if the password is right', async () => {
    const ada = newcomer()
    const user = await signUpAndWait(ada)
    const refusals = await Promise.allSettled([
      logIn(ada, HERE),
      logIn({ ...ada, password: 'not the password' }, HERE),
      logIn(newcomer(), HERE),
    ])
    await finishDeliveries()

    const messages = refusals.map((refusal) => ((refusal as PromiseRejectedResult).reason as Error).message)
    expect(new Set(messages).size).toBe(1)
    expect(messages[0]).toContain('open the link in our email')
    expect(await kindsFor(user)).toEqual(['email_confirmation', 'email_confirmation'])
  })

  test('a user from before confirmation existed can log in', async () => {
    const ada = newcomer()
    const user = await signUpAndWait(ada)
    await UserModel.collection.updateOne({ _id: user._id }, { $unset: { emailConfirmedAt: '' } })

    await expect(logIn(ada, HERE)).resolves.toBeDefined()
  })
})

test('a user signed up by a stranger can take the account over by a reset, and the stranger’s password never worked', async () => {
  const stranger = newcomer()
  const user = await signUpAndWait(stranger)
  const { delivery } = await requestPasswordReset(user.email)
  await delivery
  const mail = (await listMailbox()).find(({ to, text }) => to === user.email && text.includes('/reset-password'))
  await resetPassword(/token=(\S+)/.exec(mail?.text ?? '')?.[1] ?? '', 'the password of the owner')

  await expect(logIn({ ...stranger, password: 'the password of the owner' }, HERE)).resolves.toBeDefined()
  await expect(logIn(stranger, HERE)).rejects.toThrow(InvalidLogin)
  expect(await getBalance(user._id)).toMatchObject({ credits: welcomeCredits })
})
