import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type * as Argon2 from '@node-rs/argon2'
import { logIn } from '#app/auth/log-in.server.ts'
import { signUpByMail } from '#app/auth/sign-up.server.ts'
import { resetConfig } from '#app/config.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { newUser, PASSWORD } from './users.ts'

/*
 * Hashing takes nearly all of the time of a log-in or sign-up, so the same hashing takes the same time. It is counted,
 * because times differ on a busy machine.
 */

const done = vi.hoisted(() => [] as string[])
vi.mock('@node-rs/argon2', async (original) => {
  const { hash, verify } = await original<typeof Argon2>()
  return {
    hash: (...args: Parameters<typeof hash>) => {
      done.push(`hash ${JSON.stringify(args[1])}`)
      return hash(...args)
    },
    verify: (...args: Parameters<typeof verify>) => {
      // The cost stands at the beginning of a hash.
      done.push(`verify ${String(args[0]).split('$').slice(0, 4).join('$')}`)
      return verify(...args)
    },
  }
})

useDatabase()

const HERE = '198.51.100.1'

async function workOf(action: () => Promise<unknown>): Promise<string[]> {
  done.length = 0
  await action().catch(() => undefined)
  return [...done]
}

beforeAll(async () => {
  vi.stubEnv('REQUIRE_CONFIRMED_EMAIL', 'true')
  resetConfig()
  // The first unknown address also makes the placeholder hash.
  await logIn({ email: 'nobody@example.com', password: 'x' }, HERE).catch(() => undefined)
})
afterAll(() => vi.unstubAllEnvs())

test('a log-in with an unknown address does the hashing of one with a known address (5.9)', async () => {
  const { email } = await newUser()
  const known = await workOf(() => logIn({ email, password: 'not the password' }, HERE))
  const unknown = await workOf(() =>
    logIn({ email: `${randomUUID()}@example.com`, password: 'not the password' }, HERE),
  )

  expect(known).toEqual([expect.stringMatching(/^verify \$argon2id\$/)])
  expect(unknown).toEqual(known)
})

test('a sign-up with a known address does the hashing of one with a new address', async () => {
  const signUp = (email: string, password: string) => signUpByMail({ email, password, name: 'Ada' })
  const { email } = await newUser()
  const known = await workOf(() => signUp(email, `${PASSWORD} 2`))
  const unknown = await workOf(() => signUp(`${randomUUID()}@example.com`, PASSWORD))

  expect(known).toEqual([expect.stringMatching(/^hash /), expect.stringMatching(/^verify \$argon2id\$/)])
  expect(unknown).toEqual(known)
})
