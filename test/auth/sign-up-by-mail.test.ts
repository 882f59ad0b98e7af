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

/* Sign-up where addresses have to be confirmed: nobody learns from it which address has an account. */

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

async function millisecondsOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN

describe('a sign-up', () => {
  test('with a new address mails a link; the account opens, with its welcome credits, once it is used', async () => {
    const ada = newcomer()
    const user = await signUpAndWait(ada)

    expect(await kindsFor(user)).toEqual(['email_confirmation'])
    await expect(logIn(ada, HERE)).rejects.toThrow(InvalidLogin)
    await confirm(user)
    await expect(logIn(ada, HERE)).resolves.toMatchObject({ _id: user._id })
    expect(await getBalance(user._id)).toMatchObject({ credits: welcomeCredits })
  })

  test('with a known address changes nothing and mails its owner, three times an hour', async () => {
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

  test('that is only repeated mails another link', async () => {
    const ada = newcomer()
    await signUpAndWait(ada)

    expect(await kindsFor(await signUpAndWait(ada))).toEqual(['email_confirmation', 'email_confirmation'])
  })

  test('at once from many tabs makes one user with one link to begin with', async () => {
    const ada = newcomer()
    const all = await Promise.allSettled(Array.from({ length: 5 }, () => signUpAndWait(ada)))

    expect(all.map(({ status }) => status)).toEqual(Array(5).fill('fulfilled'))
    expect(await UserModel.countDocuments({ email: ada.email })).toBe(1)
  })

  test('takes as long for a known address as for a new one', async () => {
    const known = newcomer()
    await signUpAndWait(known)
    const times: Record<'known' | 'unknown', number[]> = { known: [], unknown: [] }
    for (let round = 0; round < 9; round++) {
      times.known.push(await millisecondsOf(() => signUpByMail({ ...known, password: `${PASSWORD} ${round}` })))
      times.unknown.push(await millisecondsOf(() => signUpByMail(newcomer())))
    }

    // Without the comparison with a dummy a new one takes half.
    expect(median(times.unknown)).toBeGreaterThan(median(times.known) * 0.6)
    expect(median(times.unknown)).toBeLessThan(median(times.known) * 1.8)
  })
})

describe('a log-in before the address is confirmed', () => {
  test('reads like a wrong password, and mails another link when it is the right one', async () => {
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

  test('works for a user from before addresses were confirmed', async () => {
    const ada = newcomer()
    const user = await signUpAndWait(ada)
    await UserModel.collection.updateOne({ _id: user._id }, { $unset: { emailConfirmedAt: '' } })

    await expect(logIn(ada, HERE)).resolves.toBeDefined()
  })
})

test('who was signed up by a stranger takes the account over by a reset: their password works, the stranger’s never did', async () => {
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
