import { describe, expect, test } from 'vitest'
import { deliverDue } from '#app/notifications/deliver.server.ts'
import { KIND_RULES, KINDS } from '#app/notifications/kinds.ts'
import { UserModel } from '#models/user.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { newReader, queue, readNotification, useSmtp } from './outbox.ts'

useDatabase()
// A mail server is configured, so addresses have to be confirmed.
const smtp = useSmtp()

const optional = KINDS.filter((kind) => KIND_RULES[kind].setting !== null)
const always = KINDS.filter((kind) => KIND_RULES[kind].setting === null)
const NAME = 'You have won'

describe('mails to an unconfirmed address', () => {
  test.each(optional)('no mail of the kind %s is sent', async (kind) => {
    const id = await queue(await newReader({ emailConfirmedAt: null }), kind)
    await deliverDue()

    expect(smtp.server.taken).toEqual([])
    expect(await readNotification(id)).toMatchObject({ status: 'suppressed', outcome: 'The address is not confirmed.' })
  })

  test.each(always)('a mail of the kind %s is sent without the name, which a stranger may have typed', async (kind) => {
    await queue(await newReader({ emailConfirmedAt: null, name: NAME }), kind)
    await deliverDue()

    expect(smtp.server.taken).toHaveLength(1)
    expect(JSON.stringify(smtp.server.taken)).not.toContain(NAME)
  })
})

test('no confirmation link is sent once the address is confirmed', async () => {
  const id = await queue(await newReader(), 'email_confirmation')
  await deliverDue()

  expect(smtp.server.taken).toEqual([])
  expect(await readNotification(id)).toMatchObject({ status: 'suppressed', outcome: 'The address is confirmed.' })
})

test('users from before confirmation existed get their mails as before', async () => {
  const user = await newReader()
  await UserModel.collection.updateOne({ _id: user._id }, { $unset: { emailConfirmedAt: '' } })
  await queue(user, 'credits_low')
  await deliverDue()

  expect(smtp.server.taken).toHaveLength(1)
})
