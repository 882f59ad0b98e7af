import { type ChildProcess, spawn } from 'node:child_process'
import mongoose from 'mongoose'
import { expect, test } from 'vitest'
import { deliverDue } from '#app/notifications/deliver.server.ts'
import type { NotificationKind } from '#app/notifications/kinds.ts'
import { MailTurnModel } from '#models/mail-turn.server.ts'
import { NotificationModel } from '#models/notification.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { MAY, newReader, queue, readNotification, useSmtp } from './outbox.ts'
import { headerOf } from './smtp-server.ts'

useDatabase()
const smtp = useSmtp()

/** Starts a process that delivers, and kills it when the server has the mail but has not answered. */
async function killAfterContent(): Promise<void> {
  const { host, port, name } = mongoose.connection
  const worker: ChildProcess = spawn(
    process.execPath,
    ['--import', 'tsx', 'test/notifications/kill-worker.ts', MAY.toISOString()],
    {
      env: {
        ...process.env,
        SCRIP_MODE: 'test',
        MONGODB_URI: `mongodb://${host}:${port}/${name}`,
        SMTP_URL: smtp.server.url,
      },
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  )
  const gone = new Promise<NodeJS.Signals | null>((resolve) => worker.once('exit', (_, signal) => resolve(signal)))
  smtp.server.react(() => 'take_and_stay_silent')
  smtp.server.onTaken(() => worker.kill('SIGKILL'))
  expect(await gone).toBe('SIGKILL')
  smtp.server.react(() => 'accept')
  smtp.server.onTaken(() => {})
}

async function endLeases(): Promise<void> {
  await MailTurnModel.updateMany({}, { $set: { leaseUntil: new Date(0) } })
  await NotificationModel.updateMany({}, { $set: { leaseUntil: new Date(0) } })
}

test.each<[NotificationKind, string, number]>([
  ['payment_receipt', 'unconfirmed', 1],
  ['credits_arrived', 'sent', 2],
])(
  'a process killed after the server accepted a %s leaves it %s, with %i copies at the server (6.3)',
  async (kind, status, copies) => {
    const id = await queue(await newReader(), kind)
    await killAfterContent()

    await deliverDue()
    expect(await readNotification(id), 'the lease holds').toMatchObject({ status: 'sending' })
    await endLeases()
    await deliverDue()

    expect((await readNotification(id)).status).toBe(status)
    expect(smtp.server.taken).toHaveLength(copies)
    expect(new Set(smtp.server.taken.flatMap((mail) => headerOf(mail, 'message-id'))).size).toBe(1)
  },
  60_000,
)
