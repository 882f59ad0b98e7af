import { describe, expect, test } from 'vitest'
import { TRIES_MAX, waitAfter } from '#app/notifications/backoff.ts'
import { fateOf } from '#app/notifications/mail-failure.ts'

describe('waitAfter', () => {
  test('the wait grows up to a bound, with up to half of it subtracted at random', () => {
    expect([1, 2, 3].map((tries) => waitAfter(tries, () => 0))).toEqual([15_000, 30_000, 60_000])
    expect(waitAfter(3, () => 1)).toBe(30_000)
    expect(waitAfter(TRIES_MAX, () => 0)).toBe(4 * 60 * 60 * 1000)
  })

  test('the retries last longer than a weekend', () => {
    const total = Array.from({ length: TRIES_MAX - 1 }, (_, index) => waitAfter(index + 1, () => 0))
    const hours = total.reduce((sum, wait) => sum + wait, 0) / 3_600_000

    expect(hours).toBeGreaterThan(48)
    expect(hours).toBeLessThan(96)
  })
})

describe('the outcome of a failed delivery', () => {
  test.each([
    [{ code: 'EENVELOPE', command: 'RCPT TO', responseCode: 550 }, false, 'refused'],
    [{ code: 'EMESSAGE', command: 'DATA', responseCode: 554 }, true, 'refused'],
    [{ code: 'EMESSAGE', command: 'DATA', responseCode: 451 }, true, 'not_sent'],
    [{ code: 'EAUTH', command: 'AUTH PLAIN', responseCode: 535 }, false, 'not_sent'],
    [{ code: 'EENVELOPE', command: 'MAIL FROM', responseCode: 550 }, false, 'not_sent'],
    [{ code: 'ESOCKET', command: 'CONN' }, false, 'not_sent'],
    [{ code: 'ECONNECTION', command: 'CONN' }, true, 'unknown'],
    [{ code: 'ETIMEDOUT', command: 'CONN' }, true, 'unknown'],
    [{ code: 'EENVELOPE', command: 'API' }, false, 'refused'],
  ] as const)('the outcome of %o with the content requested (%s) is %s', (error, handedOver, fate) => {
    expect(fateOf(error, handedOver)).toBe(fate)
  })
})
