import { describe, expect, test } from 'vitest'
import { deleteOldMails, emptyMailbox } from '#app/notifications/delete-mails.server.ts'
import { deliverDue } from '#app/notifications/deliver.server.ts'
import { KIND_RULES, KINDS } from '#app/notifications/kinds.ts'
import { notify } from '#app/notifications/outbox.server.ts'
import { MailModel } from '#models/mail.server.ts'
import { NotificationModel } from '#models/notification.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { later, MAY, newReader, queue, readNotification, requestFor, useSmtp } from './outbox.ts'

useDatabase()
const smtp = useSmtp()

const DAY_MS = 86_400_000

describe('deleteOldMails', () => {
  test('an old receipt is deleted after its time', async () => {
    await queue(await newReader(), 'payment_receipt')
    await deliverDue()

    later(399 * DAY_MS)
    expect(await deleteOldMails(400)).toBe(0)
    later(2 * DAY_MS)
    expect(await deleteOldMails(400)).toBe(1)
    expect(await NotificationModel.countDocuments({})).toBe(0)
  })

  test('a cause that can be seen again sends no second mail after its mail’s content was deleted', async () => {
    const request = requestFor(await newReader(), 'payment_failed', 'in_1')
    await notify(request)
    await deliverDue()

    later(401 * DAY_MS)
    expect(await deleteOldMails(400)).toBe(1)
    expect(await deleteOldMails(400)).toBe(0)
    expect(await readNotification('payment_failed:in_1')).toMatchObject({ status: 'sent', data: {}, to: null })

    expect(await notify(request)).toBe(false)
    await deliverDue()
    expect(smtp.server.taken).toHaveLength(1)
  })

  test('a mail of a kind that this version does not know keeps its key', async () => {
    await queue(await newReader(), 'payment_receipt')
    await deliverDue()
    await NotificationModel.updateOne({}, { $set: { kind: 'of_a_later_version' } })

    later(401 * DAY_MS)
    expect(await deleteOldMails(400)).toBe(1)
    expect(await NotificationModel.findOne().lean()).toMatchObject({ status: 'sent', data: {} })
  })

  test.each(['queued', 'sending', 'failed', 'unconfirmed', 'dead'] as const)(
    'a mail that is %s stays',
    async (status) => {
      const id = await queue(await newReader(), 'payment_receipt')
      await NotificationModel.updateOne({ _id: id }, { $set: { status } })

      later(4000 * DAY_MS)
      expect(await deleteOldMails(400)).toBe(0)
      expect((await readNotification(id)).data).toMatchObject({ amount: 1800 })
    },
  )

  test('no mail is deleted with 0 days, which means forever', async () => {
    await queue(await newReader(), 'payment_receipt')
    await deliverDue()

    later(4000 * DAY_MS)
    expect(await deleteOldMails(0)).toBe(0)
  })

  test('two processes that delete at once handle each mail once', async () => {
    const reader = await newReader()
    for (const kind of ['payment_receipt', 'payment_failed', 'credits_low'] as const) await queue(reader, kind)
    await deliverDue()

    later(401 * DAY_MS)
    const [first, second] = await Promise.all([deleteOldMails(400), deleteOldMails(400)])
    expect(first + second).toBe(3)
  })

  test('keys are deleted only where a cause is compared with the clock, or has one key once', () => {
    expect(KINDS.filter((kind) => !KIND_RULES[kind].isKeyKept)).toEqual([
      'payment_receipt',
      'credits_expiring',
      'password_changed',
      'account_exists',
      'api_key_created',
      'api_key_expiring',
      'credits_low',
    ])
  })
})

test('old mails are deleted from the mailbox', async () => {
  const mail = { to: 'ada@example.com', subject: 'x', text: 'x' }
  await MailModel.create({ ...mail, sentAt: new Date(MAY.getTime() - 401 * DAY_MS) })
  await MailModel.create({ ...mail, sentAt: MAY })

  expect(await emptyMailbox(0)).toBe(0)
  expect(await emptyMailbox(400)).toBe(1)
  expect(await emptyMailbox(400)).toBe(0)
  expect(await MailModel.countDocuments({})).toBe(1)
})
