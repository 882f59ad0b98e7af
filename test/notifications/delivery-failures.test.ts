import { describe, expect, test } from 'vitest'
import { TRIES_MAX } from '#app/notifications/backoff.ts'
import { deliverDue } from '#app/notifications/deliver.server.ts'
import {
  claimNext,
  finish,
  listUndelivered,
  markSending,
  recoverAbandoned,
  sendAgain,
} from '#app/notifications/outbox-store.server.ts'
import { resetConfig } from '#app/config.server.ts'
import { NotificationModel } from '#models/notification.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { later, MAY, newReader, queue, readNotification, useSmtp } from './outbox.ts'
import { headerOf } from './smtp-server.ts'

useDatabase()
const smtp = useSmtp()

const MINUTE = 60_000

describe('a failing mail server', () => {
  test('a temporarily refused mail is retried, later each time', async () => {
    smtp.server.react((before) => (before < 2 ? { refuse: 'DATA', code: 451 } : 'accept'))
    const id = await queue(await newReader(), 'payment_receipt')

    await deliverDue()
    const first = await readNotification(id)
    await deliverDue()
    const tooEarly = await readNotification(id)
    later(MINUTE)
    await deliverDue()
    const second = await readNotification(id)
    later(MINUTE)
    await deliverDue()

    expect(first).toMatchObject({ status: 'failed', attempts: 1 })
    expect(first.lastError).toContain('451')
    expect(tooEarly.attempts).toBe(1)
    expect(second.nextAttemptAt.getTime() - (MAY.getTime() + MINUTE)).toBeGreaterThanOrEqual(15_000)
    expect(await readNotification(id)).toMatchObject({ status: 'sent', attempts: 3 })
    expect(smtp.server.taken).toHaveLength(1)
  })

  test('a connection lost before the content was requested is an ordinary failure', async () => {
    smtp.server.react((before) => (before === 0 ? 'drop_before_content' : 'accept'))
    const id = await queue(await newReader(), 'payment_receipt')
    await deliverDue()
    expect((await readNotification(id)).status).toBe('failed')

    later(MINUTE)
    await deliverDue()
    expect((await readNotification(id)).status).toBe('sent')
    expect(smtp.server.taken).toHaveLength(1)
  })

  test('an unreachable server costs a few attempts per round, not one per mail', async () => {
    const user = await newReader()
    await Promise.all(Array.from({ length: 30 }, () => queue(user, 'credits_arrived')))
    process.env.SMTP_URL = 'smtp://127.0.0.1:1'
    resetConfig()
    await deliverDue()
    process.env.SMTP_URL = smtp.server.url
    resetConfig()

    const tried = await NotificationModel.countDocuments({ attempts: { $gt: 0 } })
    expect(tried).toBeGreaterThan(0)
    expect(tried).toBeLessThanOrEqual(8)
    later(MINUTE)
    await deliverDue()
    expect(smtp.server.taken).toHaveLength(30)
  })

  test('a mail is given up after the last attempt, and an administrator can send it again', async () => {
    smtp.server.react(() => ({ refuse: 'DATA', code: 451 }))
    const id = await queue(await newReader(), 'subscription_canceled')
    await NotificationModel.updateOne({ _id: id }, { $set: { attempts: TRIES_MAX - 1 } })
    await deliverDue()

    expect(await readNotification(id)).toMatchObject({ status: 'dead', attempts: TRIES_MAX })
    expect((await listUndelivered()).map(({ _id }) => _id)).toEqual([id])
    later(24 * 60 * MINUTE)
    await deliverDue()
    expect((await readNotification(id)).attempts).toBe(TRIES_MAX)

    smtp.server.react(() => 'accept')
    expect(await sendAgain(id)).toBe(true)
    expect(await sendAgain(id)).toBe(false)
    await deliverDue()
    expect((await readNotification(id)).status).toBe('sent')
    expect(await sendAgain(id)).toBe(false)
  })

  test('an address unknown to the server is given up at once', async () => {
    smtp.server.react(() => ({ refuse: 'RCPT', code: 550 }))
    const id = await queue(await newReader(), 'payment_receipt')
    await deliverDue()

    expect(await readNotification(id)).toMatchObject({ status: 'dead', attempts: 1 })
  })

  test('a mail that fails does not delay the others', async () => {
    smtp.server.react((before) => (before === 0 ? { refuse: 'DATA', code: 451 } : 'accept'))
    const user = await newReader()
    for (let count = 0; count < 5; count++) await queue(user, 'credits_arrived')
    await deliverDue()

    expect(smtp.server.taken).toHaveLength(4)
  })
})

describe('an unknown outcome of a delivery (6.3)', () => {
  test('a mail about money whose response was lost is not sent again but left to an administrator', async () => {
    smtp.server.react(() => 'take_and_drop')
    const id = await queue(await newReader(), 'payment_receipt')
    const round = await deliverDue()
    later(24 * 60 * MINUTE)
    await deliverDue()

    expect(round.unconfirmed).toBe(1)
    expect(smtp.server.taken).toHaveLength(1)
    expect(await readNotification(id)).toMatchObject({ status: 'unconfirmed', attempts: 1 })
    expect((await listUndelivered()).map(({ _id }) => _id)).toEqual([id])
  })

  test('every other mail is sent again, under the same Message-ID', async () => {
    smtp.server.react((before) => (before === 0 ? 'take_and_drop' : 'accept'))
    const id = await queue(await newReader(), 'credits_arrived')
    await deliverDue()
    later(MINUTE)
    await deliverDue()

    const [first, second] = smtp.server.taken.map((mail) => headerOf(mail, 'message-id'))
    expect(smtp.server.taken).toHaveLength(2)
    expect(first).toEqual(second)
    expect((await readNotification(id)).status).toBe('sent')
  })

  test('a mail of a process that died before sending is sent by the next one', async () => {
    const id = await queue(await newReader(), 'payment_receipt')
    // Leases use the database's clock, which tests cannot move.
    const lease = { leaseId: 'dead', leaseUntil: { $add: ['$$NOW', 1e6] } }
    await NotificationModel.updateOne({ _id: id }, [{ $set: lease }], { updatePipeline: true })
    await deliverDue()
    expect(smtp.server.taken).toHaveLength(0)

    await NotificationModel.updateOne({ _id: id }, { $set: { leaseUntil: new Date(0) } })
    await deliverDue()
    expect(smtp.server.taken).toHaveLength(1)
  })

  test('a sender taken for dead can still record that it sent', async () => {
    const user = await newReader()
    const id = await queue(user, 'payment_receipt')
    const mail = await claimNext(user._id)
    if (!mail) throw new Error('nothing to claim')
    await markSending(mail, 'reader@example.com')
    await NotificationModel.updateOne({ _id: id }, { $set: { leaseUntil: new Date(0) } })

    expect(await recoverAbandoned()).toEqual({ sendAgain: 0, ask: 1 })
    expect((await readNotification(id)).status).toBe('unconfirmed')
    await finish(mail, { status: 'sent', sentAt: MAY })
    expect((await readNotification(id)).status).toBe('sent')
  })

  test('a claim that was taken over changes nothing any more', async () => {
    const user = await newReader()
    const id = await queue(user, 'credits_arrived')
    const slow = await claimNext(user._id)
    if (!slow) throw new Error('nothing to claim')
    await NotificationModel.updateOne({ _id: id }, { $set: { leaseUntil: new Date(0) } })
    await deliverDue()

    expect(await markSending(slow, 'reader@example.com')).toBe(false)
    await finish(slow, { status: 'dead', lastError: 'late', outcome: 'late' })
    expect((await readNotification(id)).status).toBe('sent')
    expect(smtp.server.taken).toHaveLength(1)
  })
})
