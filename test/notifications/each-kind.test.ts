import { describe, expect, test } from 'vitest'
import { deliverDue } from '#app/notifications/deliver.server.ts'
import { KIND_RULES, KINDS, type NotificationKind } from '#app/notifications/kinds.ts'
import { notify } from '#app/notifications/outbox.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { newReader, requestFor, useSmtp } from './outbox.ts'
import { headerOf } from './smtp-server.ts'

useDatabase()
const smtp = useSmtp()

/** A confirmed address gets no confirmation link. */
const readerFor = (kind: NotificationKind) => newReader(kind === 'email_confirmation' ? { emailConfirmedAt: null } : {})

describe.each(KINDS)('a mail of the kind %s', (kind) => {
  test('the mail is sent once, however often its cause repeats', async () => {
    const request = requestFor(await readerFor(kind), kind, 'the-cause')

    await Promise.all(Array.from({ length: 10 }, () => notify(request)))
    await Promise.all([deliverDue(), deliverDue()])
    for (let again = 0; again < 3; again++) {
      await notify(request)
      await deliverDue()
    }

    expect(smtp.server.taken).toHaveLength(1)
  })

  test('the mail can be turned off by its header unless it belongs to a purchase', async () => {
    await notify(requestFor(await readerFor(kind), kind, 'another-cause'))
    await deliverDue()

    const isOptional = KIND_RULES[kind].setting !== null
    expect(headerOf(smtp.server.taken[0], 'list-unsubscribe')).toHaveLength(isOptional ? 1 : 0)
    expect(headerOf(smtp.server.taken[0], 'list-unsubscribe-post')).toHaveLength(isOptional ? 1 : 0)
  })
})
