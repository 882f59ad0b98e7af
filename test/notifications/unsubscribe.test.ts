import { Types } from 'mongoose'
import { afterEach, describe, expect, test } from 'vitest'
import { resetConfig } from '#app/config.server.ts'
import { deliverDue } from '#app/notifications/deliver.server.ts'
import { settingsOf, turnOff } from '#app/notifications/settings.server.ts'
import { DEFAULT_SETTINGS } from '#app/notifications/settings.ts'
import { readUnsubscribeToken, unsubscribeUrl } from '#app/notifications/unsubscribe-token.server.ts'
import { action, loader } from '#app/routes/unsubscribe.tsx'
import { type User, UserModel } from '#models/user.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { newReader, queue, readNotification, useSmtp } from './outbox.ts'
import { headerOf } from './smtp-server.ts'

useDatabase()
const smtp = useSmtp()

afterEach(() => {
  delete process.env.SESSION_SECRET
  resetConfig()
})

const tokenOf = (url: string) => new URL(url).searchParams.get('token') ?? ''
const routeArgs = (url: string, init?: RequestInit) => ({ request: new Request(url, init), params: {}, context: {} })

async function settingsNow(user: User) {
  const found = await UserModel.findById(user._id).lean<User>()
  return found && settingsOf(found)
}

describe('the header for one-click unsubscribe', () => {
  test('a mail that can be turned off has the header, with the link of its text', async () => {
    await queue(await newReader(), 'credits_low')
    await deliverDue()

    const [mail] = smtp.server.taken
    const [header = ''] = headerOf(mail, 'list-unsubscribe')
    expect(header).toMatch(/^<https:\/\/scrip\.example\/unsubscribe\?token=[\w.-]+>$/)
    expect(headerOf(mail, 'list-unsubscribe-post')).toEqual(['List-Unsubscribe=One-Click'])
  })

  test('a receipt has no such header', async () => {
    await queue(await newReader(), 'payment_receipt')
    await deliverDue()

    expect(headerOf(smtp.server.taken[0], 'list-unsubscribe')).toEqual([])
  })

  test('a kind that is turned off is not sent, even if it was queued before', async () => {
    const user = await newReader()
    const low = await queue(user, 'credits_low')
    const arrived = await queue(user, 'credits_arrived')
    await turnOff(user._id, 'creditsLow')
    await deliverDue()

    expect((await readNotification(low)).status).toBe('suppressed')
    expect((await readNotification(arrived)).status).toBe('sent')
  })
})

describe('the unsubscribe page', () => {
  test('opening the page changes nothing, because mail scanners open every link', async () => {
    const user = await newReader()
    const page = await loader(routeArgs(unsubscribeUrl(user._id, 'creditsLow')))

    expect(page.data).toEqual({ about: 'about low credits' })
    expect(await settingsNow(user)).toEqual(DEFAULT_SETTINGS)
  })

  test('one post without a session turns that kind off, and no other', async () => {
    const user = await newReader()
    const post = { method: 'POST', body: new URLSearchParams({ 'List-Unsubscribe': 'One-Click' }) }
    const answers = await Promise.all([
      action(routeArgs(unsubscribeUrl(user._id, 'creditsLow'), post)),
      action(routeArgs(unsubscribeUrl(user._id, 'creditsLow'), post)),
    ])

    expect(answers.map(({ data }) => data)).toEqual([{ done: true }, { done: true }])
    expect(await settingsNow(user)).toEqual({ ...DEFAULT_SETTINGS, creditsLow: false })
  })

  test('two kinds at once are both turned off', async () => {
    const user = await newReader()
    await Promise.all([turnOff(user._id, 'creditsLow'), turnOff(user._id, 'trialEnding')])

    expect(await settingsNow(user)).toEqual({ ...DEFAULT_SETTINGS, creditsLow: false, trialEnding: false })
  })

  test('a forged link is a 400', async () => {
    const page = await loader(routeArgs('https://scrip.example/unsubscribe?token=x'))
    const answer = await action(routeArgs('https://scrip.example/unsubscribe', { method: 'POST' }))

    expect(page.init?.status).toBe(400)
    expect(answer.init?.status).toBe(400)
  })
})

describe('the token of the link', () => {
  test('a token names one user and one kind, and changing either invalidates it', () => {
    const userId = new Types.ObjectId()
    const token = tokenOf(unsubscribeUrl(userId, 'creditsLow'))

    expect(readUnsubscribeToken(token)).toEqual({ userId, mail: 'creditsLow' })
    expect(readUnsubscribeToken(token.replace('creditsLow', 'trialEnding'))).toBeNull()
    expect(readUnsubscribeToken(token.replace(userId.toHexString(), new Types.ObjectId().toHexString()))).toBeNull()
    expect(readUnsubscribeToken(`${token.slice(0, -2)}xx`)).toBeNull()
    expect(readUnsubscribeToken(token.replace('creditsLow', 'constructor'))).toBeNull()
    expect(readUnsubscribeToken(null)).toBeNull()
  })

  test('a token stays valid after a rotation until its secret is removed', () => {
    process.env.SESSION_SECRET = 'the first secret of all'
    resetConfig()
    const token = tokenOf(unsubscribeUrl(new Types.ObjectId(), 'creditsLow'))

    process.env.SESSION_SECRET = 'the second secret, the first secret of all'
    resetConfig()
    expect(readUnsubscribeToken(token)).not.toBeNull()

    process.env.SESSION_SECRET = 'the second secret'
    resetConfig()
    expect(readUnsubscribeToken(token)).toBeNull()
  })
})
