import { describe, expect, test } from 'vitest'
import { signUpForm } from '#app/auth/credentials.ts'
import { profileForm } from '#app/auth/profile.ts'
import { signUp } from '#app/auth/sign-up.server.ts'
import { zonesWith } from '#app/auth/time-zone.ts'
import { useDatabase } from '#test/setup/database.ts'

useDatabase()

const fields = { email: 'ada@example.com', password: 'a short sentence works well' }

describe('the time zone of a new account', () => {
  test.each(['Asia/Calcutta', 'Asia/Kolkata', 'Europe/Kiev', 'Europe/Kyiv', 'America/New_York', 'Etc/GMT+5'])(
    'is the browser’s, by whichever name (%s), and can be saved again under Settings',
    async (timeZone) => {
      const given = signUpForm.parse({ ...fields, email: `${timeZone.replaceAll(/\W/g, '')}@example.com`, timeZone })
      const user = await signUp(given)
      expect(user.timeZone).toBe(timeZone)
      expect(zonesWith(user.timeZone)).toContain(timeZone)
      expect(profileForm.parse({ name: 'Ada', timeZone })).toMatchObject({ timeZone })
    },
  )

  test.each([undefined, '', 'Mars/Phobos', '+05:30', 'x'.repeat(100), '__proto__'])(
    'is UTC where the browser says none that is known (%s), without bothering anybody',
    async (timeZone) => {
      const given = signUpForm.parse({ ...fields, email: `none-${String(timeZone).length}@example.com`, timeZone })
      expect((await signUp(given)).timeZone).toBe('UTC')
    },
  )
})
