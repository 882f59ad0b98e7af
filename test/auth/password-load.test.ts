import { beforeEach, describe, expect, test, vi } from 'vitest'

describe('password hashes under load', () => {
  // The queue of hashes lives in the module, so each test loads it anew.
  beforeEach(() => vi.resetModules())

  test('a log-in refused by a full queue does not affect later ones (5.9, 6.13)', async () => {
    const { hashPassword, verifyPassword } = await import('#app/auth/password.server.ts')
    const known = await hashPassword('correct horse')
    const crowd = Array.from({ length: 102 }, () => hashPassword('correct horse'))
    await Promise.allSettled([verifyPassword(known, 'wrong'), verifyPassword(null, 'wrong')])
    await Promise.all(crowd)

    expect(await verifyPassword(known, 'correct horse')).toBe(true)
    expect(await verifyPassword(null, 'correct horse')).toBe(false)
  })

  test('at most two hashes run at once, which leaves two of four threads for files and DNS (5.9, 6.13)', async () => {
    let running = 0
    let mostAtOnce = 0
    const work = async () => {
      mostAtOnce = Math.max(mostAtOnce, ++running)
      await new Promise((resolve) => setImmediate(resolve))
      running--
      return '$argon2id$'
    }
    vi.doMock('@node-rs/argon2', () => ({ hash: work, verify: work }))
    const { hashPassword, verifyPassword } = await import('#app/auth/password.server.ts')
    const hash = await hashPassword('x')
    await verifyPassword(null, 'x')
    mostAtOnce = 0
    await Promise.all(Array.from({ length: 50 }, (_, n) => (n % 2 ? hashPassword('x') : verifyPassword(hash, 'x'))))
    vi.doUnmock('@node-rs/argon2')

    expect(mostAtOnce).toBe(2)
    expect(running).toBe(0)
  })
})
