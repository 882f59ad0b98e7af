import { describe, expect, test } from 'vitest'
import { brand } from '#app/brand.mjs'
import { action, loader } from '#app/routes/support.tsx'
import { MailModel } from '#models/mail.server.ts'
import { type User, UserModel } from '#models/user.server.ts'
import { newCaller, subscribe } from '#test/api/caller.ts'
import { visitAs } from '#test/auth/users.ts'
import { useDatabase } from '#test/setup/database.ts'

useDatabase()

const args = (request: Request) => ({ request, params: {}, context: {} })
const read = async ({ _id }: Pick<User, '_id'>): Promise<User> => (await UserModel.findById(_id).lean<User>())!

async function person(plan?: string): Promise<User> {
  const caller = await newCaller()
  if (plan) await subscribe(caller, plan)
  return read(caller.user)
}

async function ask(user: User, subject: string) {
  const { url, headers } = await visitAs(user, '/support')
  const body = new URLSearchParams({ subject, question: 'Where do I find last year’s invoices?' })
  return action(args(new Request(url, { method: 'POST', headers, body })))
}

describe('support', () => {
  test.each([undefined, 'Beginner', 'Daily'])('a user on the plan %s can write to support', async (plan) => {
    const user = await person(plan)
    expect(await loader(args(await visitAs(user, '/support')))).toMatchObject({
      frame: { email: user.email },
      answeredFirst: 'Creator',
    })

    const subject = `About ${plan ?? 'Free'}`
    expect((await ask(user, subject)).data.saved).toBe(true)
    const mail = await MailModel.findOne({ subject: `Question: ${subject}` }).lean()
    expect(mail!.text).toContain(user.email)
  })

  test('a visitor sees the support address', async () => {
    const page = await loader(args(new Request('http://localhost:3000/support')))
    expect(page).toMatchObject({ frame: null, address: brand.supportAddress ?? brand.senderAddress })
  })

  test('a user with priority support gets that page, unless the plan waits for its payment', async () => {
    const user = await person('Creator')
    const led = await loader(args(await visitAs(user, '/support'))).catch((thrown: unknown) => thrown)
    expect((led as Response).headers.get('Location')).toBe('/support/priority')

    const overdue = { 'subscription.status': 'past_due', 'subscription.gracePeriodEnd': new Date(0) }
    await UserModel.updateOne({ _id: user._id }, { $set: overdue })
    expect(await loader(args(await visitAs(await read(user), '/support')))).toMatchObject({
      frame: { email: user.email },
    })
  })
})
