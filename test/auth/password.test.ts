import { hash } from '@node-rs/argon2'
import { describe, expect, test } from 'vitest'
import { hashPassword, verifyPassword } from '#app/auth/password.server.ts'
import { RateLimited } from '#app/http/errors.ts'

describe('verifyPassword', () => {
  test('the right password is accepted and any other refused', async () => {
    const hash = await hashPassword('correct horse')

    expect(await verifyPassword(hash, 'correct horse')).toBe(true)
    expect(await verifyPassword(hash, 'correct horse ')).toBe(false)
  })

  test('a password is accepted from a keyboard that composes characters differently', async () => {
    const word = 'Grüße-über-é-2026'
    for (const [set, typed] of [
      ['NFC', 'NFD'],
      ['NFD', 'NFC'],
    ]) {
      expect(await verifyPassword(await hashPassword(word.normalize(set)), word.normalize(typed))).toBe(true)
    }
  })

  test('an older hash still verifies, also one of a decomposed password', async () => {
    const decomposed = 'Grüße-über-é-2026'.normalize('NFD')

    expect(await verifyPassword(await hash(decomposed), decomposed)).toBe(true)
    expect(await verifyPassword(await hash(decomposed), `${decomposed}x`)).toBe(false)
  })

  test('no user means no match, even with the placeholder hash’s own password', async () => {
    expect(await verifyPassword(null, 'the password of nobody')).toBe(false)
  })

  test('a password that is too long is refused without hashing (5.9)', async () => {
    const hash = await hashPassword('correct horse')
    const work = verifyPassword(hash, 'correct horse').then(() => 'work')
    const refusal = verifyPassword(hash, 'x'.repeat(5_000_000)).then((fits) => (fits ? 'taken' : 'refused'))

    expect(await Promise.race([work, refusal])).toBe('refused')
    await work
  })
})

test('two hashes of one password differ', async () => {
  expect(await hashPassword('correct horse')).not.toBe(await hashPassword('correct horse'))
})

test('at most two hashes run at once, the rest wait, and a crowd is refused with a retry time (5.9, 6.13)', async () => {
  const crowd = Array.from({ length: 120 }, () => hashPassword('correct horse'))
  const outcomes = await Promise.allSettled(crowd)
  const refused = outcomes.filter((outcome) => outcome.status === 'rejected')

  expect(refused).toHaveLength(18)
  expect(refused.every(({ reason }) => reason instanceof RateLimited)).toBe(true)
  expect(await hashPassword('correct horse')).toMatch(/^\$argon2id/)
})
