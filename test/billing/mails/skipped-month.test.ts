import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { resetClock } from '#app/clock.server.ts'
import { keepPace } from '#app/jobs/keep-pace.server.ts'
import { localClock } from '#app/sandbox-clock.server.ts'
import { type Mail, MailModel } from '#models/mail.server.ts'
import { type User, UserModel } from '#models/user.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { payWith } from '../customers.ts'
import { usePlan } from '../plan.ts'
import { aUser, Deliveries, post, readUser } from '../scenario.ts'
import { useStripe, WEBHOOK_SECRET } from '../stripe.ts'

const context = useStripe()
useDatabase()
const deliveries = new Deliveries(context)
const beginner = usePlan('Beginner')
const clock = localClock({ everyMs: 20, keepPace: () => keepPace() })

/** The app from the sandbox's view: it receives events and follows the clock. */
const shop = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const signature = String(request.headers['stripe-signature'])
    void post(Buffer.concat(chunks).toString(), signature).then(({ status }) => response.writeHead(status).end())
  })
})
beforeAll(async () => {
  await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve))
  const { port } = shop.address() as AddressInfo
  context.sandbox.addEndpoint({ url: `http://127.0.0.1:${port}/api/webhook`, secret: WEBHOOK_SECRET })
})
afterAll(() => new Promise((resolve) => shop.close(resolve)))
beforeEach(() => clock.start())
afterEach(async () => {
  await clock.stop()
  resetClock()
})

/** What a button on the sandbox's page does. */
async function skip(body: object): Promise<void> {
  const answer = await fetch(`${context.sandbox.url}/_sandbox/clock`, { method: 'POST', body: JSON.stringify(body) })
  expect(answer.status).toBe(200)
}

async function buyer(): Promise<User> {
  const { _id } = await aUser()
  await UserModel.updateOne({ _id }, { $set: { emailConfirmedAt: new Date() } })
  await deliveries.buy({ user: await readUser(_id), plan: 'Beginner', interval: 'month' })
  await context.sandbox.idle()
  await keepPace()
  return readUser(_id)
}

const DAY_MS = 86_400_000

/** The mails with the days on which they were sent, counted from the purchase. */
async function mailsOf({ email }: User, from: Date): Promise<[day: number, subject: string][]> {
  const mails = await MailModel.find({ to: email }).sort({ _id: 1 }).lean<Mail[]>()
  return mails.map(({ sentAt, subject }) => [Math.round((sentAt.getTime() - from.getTime()) / DAY_MS), subject])
}

describe('a clock moved by more than a month', () => {
  it('a clock that skips more than a month sends the mails of that time in order, with their dates', async () => {
    beginner.unusedCredits = 'expire'
    const start = new Date(context.sandbox.now() * 1000)
    const user = await buyer()
    await skip({ days: 40 })
    await payWith(context, user, 'pm_card_chargeCustomerFail')
    await skip({ days: 60 })

    expect(await mailsOf(user, start)).toEqual([
      [0, 'Your payment of $10.00'],
      [26, '1,000 credits expire on 11 May 2026'],
      [30, 'Your payment of $10.00'],
      [32, '1,000 credits expire on 11 May 2026'],
      [57, '1,000 credits expire on 11 Jun 2026'],
      [61, 'Your payment of $10.00 did not go through'],
      [63, '1,000 credits expire on 11 Jun 2026'],
      [64, '0 credits left'],
      [76, 'Beginner has ended'],
    ])
  })

  it('a clock that skips more than a month announces the end of a trial three days before it', async () => {
    beginner.trial = { days: 14, credits: 50 }
    const start = new Date(context.sandbox.now() * 1000)
    const user = await buyer()
    await skip({ days: 31 })

    expect(await mailsOf(user, start)).toEqual([
      [0, '50 credits arrived'],
      [11, expect.stringContaining('Your trial of Beginner ends on') as string],
      [14, 'Your payment of $10.00'],
    ])
  })
})
