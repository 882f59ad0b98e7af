import { expect, test } from 'vitest'
import { deliverDue } from '#app/notifications/deliver.server.ts'
import { endTurn, keepTurn, takeTurn } from '#app/notifications/mail-turn.server.ts'
import { notify } from '#app/notifications/outbox.server.ts'
import { MailTurnModel } from '#models/mail-turn.server.ts'
import type { User } from '#models/user.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { MAY, newReader, useSmtp } from './outbox.ts'
import { SAMPLES } from './samples.ts'
import { headerOf } from './smtp-server.ts'

useDatabase()
const smtp = useSmtp()

const at = (minutes: number) => new Date(MAY.getTime() - 60 * 60_000 + minutes * 60_000)

/** One reader's mails, queued in another order than that of their events. */
async function queueMixed(user: User): Promise<void> {
  for (const minute of [7, 2, 9, 4, 1, 8, 3, 6, 5, 0]) {
    const data = { ...SAMPLES.payment_receipt, description: `Minute ${minute}`, paidAt: at(minute) }
    await notify({ kind: 'payment_receipt', userId: user._id, key: `in_${user._id.toHexString()}_${minute}`, data })
  }
}

const minutesOf = (user: User) =>
  smtp.server.taken.filter(({ to }) => to.includes(user.email)).map((mail) => Number(/Minute (\d)/.exec(mail.raw)![1]))

test('a reader’s mails are sent in the order of their events, also by two machines at once', async () => {
  const readers = [await newReader(), await newReader(), await newReader()]
  for (const reader of readers) await queueMixed(reader)

  const rounds = await Promise.all([deliverDue(), deliverDue(), deliverDue()])
  await deliverDue()

  expect(rounds.reduce((sum, { sent }) => sum + sent, 0)).toBe(30)
  for (const reader of readers) expect(minutesOf(reader)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
})

test('an event without a time counts from when it was queued', async () => {
  const user = await newReader()
  await notify({ kind: 'credits_low', userId: user._id, key: '1', data: SAMPLES.credits_low })
  await notify({
    ...{ kind: 'payment_receipt', userId: user._id, key: '2' },
    data: { ...SAMPLES.payment_receipt, paidAt: at(0) },
  })
  await deliverDue()

  expect(smtp.server.taken.map((mail) => headerOf(mail, 'subject')[0])).toEqual([
    expect.stringContaining('$18.00') as string,
    expect.stringContaining('credits') as string,
  ])
})

test('a reader’s mails belong to one process until it returns them or its lease ends', async () => {
  const { _id } = await newReader()
  const turn = (await takeTurn(_id))!
  expect(await takeTurn(_id)).toBeNull()
  expect(await keepTurn({ ...turn, renewedAt: -1e9 })).toBe(true)

  await MailTurnModel.updateOne({ _id }, { $set: { leaseUntil: new Date(0) } })
  const next = (await takeTurn(_id))!
  expect(await keepTurn({ ...turn, renewedAt: -1e9 })).toBe(false)
  await endTurn(turn)
  expect(await keepTurn({ ...next, renewedAt: -1e9 })).toBe(true)
  await endTurn(next)
  expect(await MailTurnModel.countDocuments({ _id })).toBe(0)
})
