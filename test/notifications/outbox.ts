import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { now, setNow } from '#app/clock.server.ts'
import { resetConfig } from '#app/config.server.ts'
import { notify } from '#app/notifications/outbox.server.ts'
import type { NotificationKind, NotificationRequest } from '#app/notifications/kinds.ts'
import { type Notification, NotificationModel } from '#models/notification.server.ts'
import { type User, UserModel } from '#models/user.server.ts'
import { SAMPLES } from './samples.ts'
import { type SmtpServer, startSmtpServer } from './smtp-server.ts'

/** Shortly after the events of the samples. */
export const MAY = new Date('2026-05-06T09:00:00Z')

/** A mail server for a test file; every test starts with an empty outbox and a server that accepts. */
export function useSmtp(): { server: SmtpServer } {
  const holder = {} as { server: SmtpServer }
  beforeAll(async () => {
    holder.server = await startSmtpServer()
    process.env.SMTP_URL = holder.server.url
    process.env.APP_URL = 'https://scrip.example'
    resetConfig()
  })
  beforeEach(async () => {
    await NotificationModel.deleteMany({})
    holder.server.taken.length = 0
    holder.server.react(() => 'accept')
    holder.server.onTaken(() => {})
    setNow(() => MAY)
  })
  afterEach(() => setNow(null))
  afterAll(async () => {
    delete process.env.SMTP_URL
    delete process.env.APP_URL
    resetConfig()
    await holder.server.close()
  })
  return holder
}

export function later(ms: number): void {
  const then = new Date(now().getTime() + ms)
  setNow(() => then)
}

export async function newReader(fields: Partial<User> = {}): Promise<User> {
  const { _id } = await UserModel.create({
    email: `reader-${randomUUID()}@example.com`,
    passwordHash: 'none',
    emailConfirmedAt: now(),
    name: 'Ada',
    timeZone: 'Europe/Berlin',
    createdAt: now(),
    ...fields,
  })
  const user = await UserModel.findById(_id).lean<User>()
  if (!user) throw new Error('the reader is gone')
  return user
}

/** The sample of a kind, addressed to a user. */
export function requestFor(user: User, kind: NotificationKind, key: string = randomUUID()): NotificationRequest {
  return { kind, data: SAMPLES[kind], userId: user._id, key } as NotificationRequest
}

/** Queues the sample of a kind and returns its id in the outbox. */
export async function queue(user: User, kind: NotificationKind): Promise<string> {
  const request = requestFor(user, kind)
  await notify(request)
  return `${kind}:${request.key}`
}

export async function readNotification(id: string): Promise<Notification> {
  const found = await NotificationModel.findById(id).lean<Notification>()
  if (!found) throw new Error(`${id} is not in the outbox`)
  return found
}
