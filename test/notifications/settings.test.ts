import { describe, expect, test } from 'vitest'
import { settingsOf } from '#app/notifications/settings.server.ts'
import { DEFAULT_SETTINGS } from '#app/notifications/settings.ts'
import { action, loader } from '#app/routes/_app.settings.notifications.tsx'
import { type User, UserModel } from '#models/user.server.ts'
import { cookieOf, newUser, visit, visitAs } from '#test/auth/users.ts'
import { startSession } from '#app/auth/session.server.ts'
import { useDatabase } from '#test/setup/database.ts'

useDatabase()

async function save(user: User, fields: Record<string, string>) {
  const cookie = cookieOf(await startSession(visit('/login'), user))
  const request = new Request('http://localhost:3000/settings/notifications', {
    method: 'POST',
    headers: { Cookie: cookie },
    body: new URLSearchParams(fields),
  })
  return action({ request, params: {}, context: {} })
}

async function settingsNow(user: User) {
  const found = await UserModel.findById(user._id).lean<User>()
  return found && settingsOf(found)
}

describe('notification settings', () => {
  test('a user who has chosen nothing has the defaults', async () => {
    const user = await newUser()
    const shown = await loader({ request: await visitAs(user), params: {}, context: {} })

    expect(shown).toEqual({ email: user.email, settings: DEFAULT_SETTINGS })
  })

  test('the settings are saved as sent, and a switch that is not sent is off', async () => {
    const user = await newUser()
    const answer = await save(user, { creditsLow: 'on', creditsLowThreshold: '1,500' })

    expect(answer.data.saved).toBe(true)
    expect(await settingsNow(user)).toEqual({
      creditsLow: true,
      creditsLowThreshold: 1500,
      creditsArrived: false,
      trialEnding: false,
    })
  })

  test.each(['', '0', '-5', '1.5', '1e3', '1000001', 'many', '١٢'])(
    'the threshold %j is refused and nothing changes',
    async (value) => {
      const user = await newUser()
      const answer = await save(user, { creditsLow: 'on', creditsLowThreshold: value })

      expect(answer.init?.status).toBe(400)
      expect(answer.data.result.error).toHaveProperty('creditsLowThreshold', [expect.stringContaining('whole number')])
      expect(await settingsNow(user)).toEqual(DEFAULT_SETTINGS)
    },
  )

  test('the settings need a session', async () => {
    await expect(loader({ request: visit('/settings/notifications'), params: {}, context: {} })).rejects.toMatchObject({
      status: 302,
    })
  })
})
