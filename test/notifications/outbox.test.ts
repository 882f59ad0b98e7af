import { describe, expect, test } from 'vitest'
import { deliverDue } from '#app/notifications/deliver.server.ts'
import { notify } from '#app/notifications/outbox.server.ts'
import type { NotificationRequest } from '#app/notifications/kinds.ts'
import { NotificationModel } from '#models/notification.server.ts'
import { UserModel } from '#models/user.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { newReader, queue, readNotification, requestFor, useSmtp } from './outbox.ts'
import { headerOf } from './smtp-server.ts'

useDatabase()
const smtp = useSmtp()

describe('notify', () => {
  test('50 calls at once queue one mail, and three processes send it once (6.3)', async () => {
    const request = requestFor(await newReader(), 'payment_receipt', 'in_1')

    const queued = await Promise.all(Array.from({ length: 50 }, () => notify(request)))
    await Promise.all([deliverDue(), deliverDue(), deliverDue()])
    await notify(request)
    await deliverDue()

    expect(queued.filter(Boolean)).toHaveLength(1)
    expect(smtp.server.taken).toHaveLength(1)
    expect(await NotificationModel.countDocuments({})).toBe(1)
    expect(await readNotification('payment_receipt:in_1')).toMatchObject({ status: 'sent', attempts: 1 })
  })

  test('one cause makes one mail of each kind', async () => {
    const user = await newReader()
    await notify(requestFor(user, 'payment_failed', 'in_2'))
    await notify(requestFor(user, 'payment_receipt', 'in_2'))
    await deliverDue()

    expect(smtp.server.taken).toHaveLength(2)
  })

  test('a repeated cause does not change a queued mail', async () => {
    const user = await newReader()
    const request = requestFor(user, 'payment_receipt', 'in_3')
    await notify(request)
    await notify({ ...request, data: { ...request.data, amount: 1 } } as NotificationRequest)

    expect((await readNotification('payment_receipt:in_3')).data.amount).toBe(1800)
  })

  test('data of the wrong shape is logged and does not stop the caller', async () => {
    const request = requestFor(await newReader(), 'payment_receipt')
    const wrong = { ...request, data: { ...request.data, amount: 18.5 } } as NotificationRequest

    expect(await notify(wrong)).toBe(false)
    expect(await NotificationModel.countDocuments({})).toBe(0)
  })
})

describe('deliverDue', () => {
  test('three processes send each of 100 mails once', async () => {
    const readers = await Promise.all(Array.from({ length: 10 }, () => newReader()))
    await Promise.all(Array.from({ length: 100 }, (_, index) => queue(readers[index % 10]!, 'credits_arrived')))

    const rounds = await Promise.all([deliverDue(), deliverDue(), deliverDue()])

    const ids = smtp.server.taken.map((mail) => headerOf(mail, 'message-id')[0])
    expect(new Set(ids).size).toBe(100)
    expect(ids).toHaveLength(100)
    expect(rounds.reduce((sum, { sent }) => sum + sent, 0)).toBe(100)
  })

  test('a mail is sent as text and HTML to the user’s address, in their time zone', async () => {
    const user = await newReader()
    await queue(user, 'payment_failed')
    await deliverDue()

    const [mail] = smtp.server.taken
    expect(mail?.to).toEqual([user.email])
    expect(headerOf(mail, 'subject')).toEqual(['Your payment of $18.00 did not go through'])
    expect(headerOf(mail, 'auto-submitted')).toEqual(['auto-generated'])
    expect(mail?.raw).toContain('text/plain')
    expect(mail?.raw).toContain('text/html')
    expect(mail?.raw).toContain('6 May 2026, 14:00 CEST')
    expect(mail?.raw).toContain('https://scrip.example/billing/update-card')
  })

  test('the Message-ID depends on the cause alone and does not reveal it', async () => {
    const user = await newReader()
    await notify(requestFor(user, 'payment_receipt', 'in_4'))
    await deliverDue()
    await NotificationModel.deleteMany({})
    await notify(requestFor(user, 'payment_receipt', 'in_4'))
    await deliverDue()

    const [first, second] = smtp.server.taken.map((mail) => headerOf(mail, 'message-id'))
    expect(first).toEqual(second)
    expect(first?.[0]).toMatch(/^<[0-9a-f]{40}@scrip\.example>$/)
  })

  test('names with line breaks, colons and addresses become no header and no recipient (5.13)', async () => {
    const name = `Ada\r\nBcc: thief@example.com\r\n\r\n${':'.repeat(200)} <a@b.c>, group: x@y.z;`
    const user = await newReader({ name })
    await queue(user, 'payment_receipt')
    await queue(user, 'credits_low')
    await deliverDue()

    expect(smtp.server.taken).toHaveLength(2)
    for (const mail of smtp.server.taken) {
      expect(mail.to).toEqual([user.email])
      expect(headerOf(mail, 'to')).toEqual([user.email])
      expect(headerOf(mail, 'bcc')).toEqual([])
    }
  })

  test.each(['a@example.com\r\nRCPT TO:<thief@example.com>', 'a@b@example.com', 'group:a@b.c,d@e.f;'])(
    'the address %j reaches nobody else (5.13)',
    async (email) => {
      await queue(await newReader({ email }), 'payment_receipt')
      await deliverDue()

      const recipients = smtp.server.taken.flatMap((mail) => mail.to)
      expect(recipients.filter((to) => ['thief@example.com', 'd@e.f', 'b@example.com', 'a@b.c'].includes(to))).toEqual(
        [],
      )
    },
  )

  test('a stale mail is held back and marked', async () => {
    const user = await newReader()
    const id = await queue(user, 'trial_ending')
    await NotificationModel.updateOne({ _id: id }, { $set: { createdAt: new Date('2026-05-03T08:00:00Z') } })
    await deliverDue()

    expect(smtp.server.taken).toHaveLength(0)
    expect(await readNotification(id)).toMatchObject({
      status: 'suppressed',
      outcome: 'It was too late to be useful.',
    })
  })

  test('a deleted user gets no mail', async () => {
    const user = await newReader()
    const id = await queue(user, 'refund')
    await UserModel.deleteOne({ _id: user._id })
    await deliverDue()

    expect(smtp.server.taken).toHaveLength(0)
    expect((await readNotification(id)).status).toBe('suppressed')
  })

  test('a kind queued by a newer version is left to it', async () => {
    const id = await queue(await newReader(), 'refund')
    await NotificationModel.updateOne({ _id: id }, { $set: { kind: 'from_the_future' } })
    await deliverDue()

    expect(await readNotification(id)).toMatchObject({ status: 'queued', attempts: 0 })
  })
})
