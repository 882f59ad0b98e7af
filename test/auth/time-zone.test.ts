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
    'a new account takes the browser’s time zone under any name (%s), which Settings accepts as well',
    async (timeZone) => {
      const given = signUpForm.parse({ ...fields, email: `${timeZone.replaceAll(/\W/g, '')}@example.com`, timeZone })
      const user = await signUp(given)
      expect(user.timeZone).toBe(timeZone)
      expect(zonesWith(user.timeZone)).toContain(timeZone)
      expect(profileForm.parse({ name: 'Ada', timeZone })).toMatchObject({ timeZone })
    },
  )

  test.each([undefined, '', 'Mars/Phobos', '+05:30', 'x'.repeat(100), '__proto__'])(
    'a new account gets UTC when the browser’s time zone is unknown (%s), without an error',
    async (timeZone) => {
      const given = signUpForm.parse({ ...fields, email: `none-${String(timeZone).length}@example.com`, timeZone })
      expect((await signUp(given)).timeZone).toBe('UTC')
    },
  )
})
