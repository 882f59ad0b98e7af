import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createApiKey } from '#app/auth/api-key.server.ts'
import { requestPasswordReset, resetPassword } from '#app/auth/change-password.server.ts'
import { confirmEmail, resendConfirmation, resendTo } from '#app/auth/confirm-email.server.ts'
import { InvalidToken } from '#app/auth/errors.ts'
import { createCheckout } from '#app/billing/checkout/create-checkout.server.ts'
import { now, setNow } from '#app/clock.server.ts'
import { resetConfig } from '#app/config.server.ts'
import { EmailNotConfirmed } from '#app/email-confirmation/errors.ts'
import { RateLimited } from '#app/http/errors.ts'
import { confirmationUrl } from '#app/notifications/confirmation-token.server.ts'
import { deliverDue } from '#app/notifications/deliver.server.ts'
import { listMailbox } from '#app/notifications/mail.server.ts'
import { action as checkout } from '#app/routes/api.checkout.ts'
import { NotificationModel } from '#models/notification.server.ts'
import { type User, UserModel } from '#models/user.server.ts'
import { asKey, call, errorOf, newCaller } from '#test/api/caller.ts'
import { useDatabase } from '#test/setup/database.ts'
import { newUser } from './users.ts'

useDatabase()

const HOUR = 60 * 60 * 1_000

function require(): void {
  vi.stubEnv('REQUIRE_CONFIRMED_EMAIL', 'true')
  resetConfig()
}

afterEach(() => {
  setNow(null)
  vi.unstubAllEnvs()
  resetConfig()
})

const tokenFor = (user: Pick<User, '_id' | 'email'>) => new URL(confirmationUrl(user)).searchParams.get('token') ?? ''
const confirmedAt = async ({ _id }: User) => (await UserModel.findById(_id).lean<User>())?.emailConfirmedAt
/** A user as stored before confirmation existed. */
const makeOld = ({ _id }: User) => UserModel.collection.updateOne({ _id }, { $unset: { emailConfirmedAt: '' } })
const linksQueuedFor = ({ _id }: User) => NotificationModel.countDocuments({ userId: _id, kind: 'email_confirmation' })

describe('the link that confirms an address', () => {
  test('sign-up mails the link and stores only its hash', async () => {
    const user = await newUser()
    await deliverDue()
    const mail = (await listMailbox()).find(({ to }) => to === user.email)
    const token = /\/verify-email\?token=(\S+)/.exec(mail?.text ?? '')?.[1] ?? ''
    const stored = await NotificationModel.findOne({ userId: user._id }).lean()

    expect(JSON.stringify(stored)).not.toContain(token.split('.')[2])
    expect(await confirmedAt(user)).toBeNull()
    await confirmEmail(token)
    expect(await confirmedAt(user)).toBeInstanceOf(Date)
  })

  test('the link sets the confirmation date once, also when used again or twice at once', async () => {
    const user = await newUser()
    const token = tokenFor(user)
    await Promise.all([confirmEmail(token), confirmEmail(token)])
    const first = await confirmedAt(user)
    const later = new Date(now().getTime() + HOUR)
    setNow(() => later)
    await confirmEmail(token)

    expect(await confirmedAt(user)).toEqual(first)
  })

  test('the link expires after 24 hours', async () => {
    const user = await newUser()
    const token = tokenFor(user)
    const later = new Date(now().getTime() + 24 * HOUR + 1_000)
    setNow(() => later)

    await expect(confirmEmail(token)).rejects.toThrow(InvalidToken)
    expect(await confirmedAt(user)).toBeNull()
  })

  test('the link confirms one address of one user', async () => {
    const [ada, bob] = [await newUser(), await newUser()]
    const ofAnother = tokenFor({ _id: ada._id, email: bob.email })
    const [, ends, signature] = tokenFor(ada).split('.')

    await expect(confirmEmail(ofAnother)).rejects.toThrow(InvalidToken)
    await expect(confirmEmail(`${bob._id.toHexString()}.${ends}.${signature}`)).rejects.toThrow(InvalidToken)
    await expect(confirmEmail(`${ada._id.toHexString()}.${Number(ends) + 1}.${signature}`)).rejects.toThrow(
      InvalidToken,
    )
    expect([await confirmedAt(ada), await confirmedAt(bob)]).toEqual([null, null])
  })

  test.each(['', 'x', '{"$gt":""}', `${'0'.repeat(24)}.9999999999.${'a'.repeat(43)}`])(
    'a link that was never sent (%j) is refused',
    async (token) => {
      await expect(confirmEmail(token)).rejects.toThrow(InvalidToken)
    },
  )

  test('the link can be requested again five times an hour', async () => {
    const user = await newUser()
    for (let time = 0; time < 5; time++) await resendConfirmation(user)

    await expect(resendConfirmation(user)).rejects.toThrow(RateLimited)
    await resendTo(user.email)
    expect(await linksQueuedFor(user)).toBe(6)
  })

  test('no link is sent to a confirmed address or an unknown user', async () => {
    const user = await newUser()
    await confirmEmail(tokenFor(user))
    await resendTo(user.email)
    await resendTo(`${randomUUID()}@example.com`)
    await deliverDue()

    expect(await linksQueuedFor(user)).toBe(1)
    expect((await listMailbox()).filter(({ to }) => to === user.email)).toEqual([])
  })
})

test('a password reset confirms the address: its link came by mail', async () => {
  const user = await newUser()
  const { delivery } = await requestPasswordReset(user.email)
  await delivery
  const mail = (await listMailbox()).find(({ to }) => to === user.email)
  await resetPassword(/token=(\S+)/.exec(mail?.text ?? '')?.[1] ?? '', 'another short sentence')

  expect(await confirmedAt(user)).toBeInstanceOf(Date)
})

describe('an installation that requires confirmed addresses', () => {
  beforeEach(require)

  test('an API key can be created only after the address is confirmed', async () => {
    const user = await newUser()
    await expect(createApiKey(user._id, 'report')).rejects.toThrow(EmailNotConfirmed)
    await confirmEmail(tokenFor(user))

    await expect(createApiKey(user._id, 'report')).resolves.toBeDefined()
  })

  test.each([{ pack: '500' }, { plan: 'Daily', interval: 'month' as const }])(
    'nothing can be bought before the address is confirmed: %j',
    async (goods) => {
      const user = await newUser()

      await expect(createCheckout({ user, ...goods }, { nonce: randomUUID() })).rejects.toThrow(EmailNotConfirmed)
    },
  )

  test('an unconfirmed user from before keeps their API keys, but cannot create one or buy', async () => {
    vi.unstubAllEnvs()
    resetConfig()
    const caller = await newCaller()
    await makeOld(caller.user)
    require()
    const response = await call(checkout, '/api/checkout', {
      method: 'POST',
      body: { pack: '500' },
      headers: asKey(caller, randomUUID()),
    })

    expect(response.status).toBe(403)
    expect(await errorOf(response)).toEqual({
      code: 'email_not_confirmed',
      message: 'Confirm your email address first: open the link in the email we sent you.',
      url: '/verify-email',
    })
    await expect(createApiKey(caller.user._id, 'report')).rejects.toThrow(EmailNotConfirmed)
  })
})

test('an installation that only keeps mails for the mailbox page creates an API key without confirmation', async () => {
  await expect(createApiKey((await newUser())._id, 'report')).resolves.toBeDefined()
})
