import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { openAccount } from '#app/credits/account.server.ts'
import { freezeSpending } from '#app/credits/freeze.server.ts'
import { grantCredits } from '#app/credits/grant.server.ts'
import { freshKey } from '#app/credits/keys.ts'
import { spendCredits } from '#app/credits/spend.server.ts'
import { mailNow } from '#app/jobs/mail-now.server.ts'
import { contentOf } from '#app/notifications/content.ts'
import type { NotificationContent } from '#app/notifications/kinds.ts'
import type { User } from '#models/user.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { newReader } from './outbox.ts'
import { SAMPLES } from './samples.ts'

useDatabase()

const context = { name: '', timeZone: 'UTC', appUrl: 'https://scrip.example' }
const arrived: NotificationContent = { kind: 'credits_arrived', data: SAMPLES.credits_arrived }
const low: NotificationContent = { kind: 'credits_low', data: SAMPLES.credits_low }

async function reader(credits = 100): Promise<User> {
  const user = await newReader()
  await openAccount(user._id, { welcomeCredits: 0 })
  const id = `pi_${randomUUID()}`
  await grantCredits(user._id, [{ key: `stripe:payment:${id}`, credits, source: { type: 'payment', id } }])
  return user
}

/** The mail as it would be sent to the user now. */
const written = async ({ _id }: User, content: NotificationContent) =>
  contentOf((await mailNow(_id, content))!, context)

describe('the main link of a mail about credits', () => {
  test('the link leads to the actions where the credits can be used', async () => {
    expect((await written(await reader(), arrived)).action).toEqual({
      label: 'Use credits',
      url: 'https://scrip.example/actions',
    })
    expect((await written(await reader(), low)).action?.label).toBe('Buy credits')
  })

  test('the link leads to the card while spending is paused for a payment, and the mail says why', async () => {
    const user = await reader()
    await freezeSpending(user._id, 'past_due')
    for (const content of [arrived, low]) {
      const mail = await written(user, content)
      expect(mail.action).toEqual({ label: 'Update card', url: 'https://scrip.example/billing/update-card' })
      expect(mail.paragraphs.at(-1)).toContain('Spending is paused because a payment failed.')
    }
  })

  test('the mail has no link where only the bank can end the pause', async () => {
    const user = await reader()
    await freezeSpending(user._id, 'dispute')
    expect(await written(user, arrived)).toMatchObject({ action: null })
  })

  test('the link leads to the packs when a debt has used up the new credits', async () => {
    const user = await reader(50)
    await spendCredits({ accountId: user._id, key: freshKey('spend'), credits: 50, action: 'test' })
    expect((await written(user, arrived)).action).toMatchObject({ label: 'Buy credits' })
  })
})
